// Made from openapi/search-api.json by `cargo xtask generate page-api`.

export interface paths {
    "/api/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Products by page, ordered by id */
        get: operations["list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One product */
        get: operations["get"];
        /** A product's text and price */
        put: operations["put"];
        post?: never;
        /**
         * Take a product out of the catalogue
         * @description Its stock and movements stay: orders in hand may give back to it, and one put again under the id finds its stock.
         */
        delete: operations["delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{id}/stock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Move stock */
        post: operations["stock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products:export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All products
         * @description NDJSON, or CSV with `Accept: text/csv`. Each page of 500 is as committed when it is read. A stream that breaks off
         *     lacks its end: count the lines.
         */
        get: operations["export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products:import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Many products at once
         * @description NDJSON (`application/x-ndjson`) or CSV (`text/csv`, with a header: id, sku, name, description, amount, currency,
         *     stock; the ids, descriptions and stock may be left out). Rows with an id put that product; those without one put the
         *     product with their sku. Existing products that are not named stay.
         */
        post: operations["import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description One wrong part of a request. */
        FieldError: {
            /** @description What it must be. */
            detail: string;
            /** @description JSON pointer into the body, or `#name` for a query parameter or header. */
            pointer: string;
        };
        /** @description What became of an import. */
        ImportReport: {
            /** @description The first 1,000 of them. */
            errors: components["schemas"]["LineError"][];
            /**
             * Format: int64
             * @description Lines that were wrong.
             */
            failed: number;
            /** @description For sending it again. */
            import: string;
            /**
             * Format: int64
             * @description Rows written.
             */
            imported: number;
            /**
             * Format: int64
             * @description The last line that was looked at.
             */
            lastLine: number;
        };
        LineError: {
            detail: string;
            /** Format: int64 */
            line: number;
        };
        /** @description An amount in minor units (cents) of an ISO 4217 currency. Never a float. */
        Money: {
            /** Format: int64 */
            amount: number;
            /** @example EUR */
            currency: string;
        };
        /** @description An amount in minor units (cents) of an ISO 4217 currency. */
        Price: {
            /** Format: int64 */
            amount: number;
            /** @example EUR */
            currency: string;
        };
        /** @description One problem. `type` is `urn:order-pipeline:problem:<slug>`; the slug is contract, the texts are for people. */
        Problem: {
            /** @description What is the matter this time. Holds no secrets and no personal data. */
            detail?: string | null;
            /** @description The wrong parts of the request, each with a JSON pointer (RFC 6901). */
            errors?: components["schemas"]["FieldError"][];
            /**
             * Format: int32
             * @description The HTTP status code.
             */
            status: number;
            /** @description Short and the same for every occurrence. */
            title: string;
            /** @description `urn:order-pipeline:problem:<slug>` */
            type: string;
        } & {
            [key: string]: unknown;
        };
        /** @description A product with the price and stock committed at the time of the answer. */
        Product: {
            /**
             * Format: int64
             * @description Pieces that can be ordered now.
             */
            available: number;
            description: string;
            /**
             * Format: int64
             * @description Number of the product; pages are ordered by it.
             */
            id: number;
            name: string;
            price: components["schemas"]["Money"];
            /** @description The shop's own article number, unique. */
            sku: string;
        };
        /** @description One page, ordered by id. */
        ProductPage: {
            items: components["schemas"]["Product"][];
            /** @description Give it as `cursor` for the next page of the same search; null on the last page. */
            nextCursor: string | null;
        };
        /** @description A product's text and price. Stock is not among them: it has a ledger. */
        ProductText: {
            /** @description Up to 4,000 characters. */
            description?: string;
            /** @description 1 to 255 characters. */
            name: string;
            price: components["schemas"]["Price"];
            /** @description The shop's own article number, unique; 1 to 64 characters. */
            sku: string;
        };
        /** @description One line of an import or export. */
        Row: {
            description?: string;
            /**
             * Format: int64
             * @description Absent: the product with this sku, or a new one.
             */
            id?: number | null;
            name: string;
            price: components["schemas"]["Price"];
            sku: string;
            /**
             * Format: int64
             * @description Pieces on stock; the difference goes through the ledger. Absent: the stock stays.
             */
            stock?: number | null;
        };
        /** @description The stock after the change; for a known request, after that change. */
        Stock: {
            /** Format: int64 */
            available: number;
            /** Format: int64 */
            productId: number;
        };
        /** @description A change of a product's stock. */
        StockChange: {
            /**
             * Format: int64
             * @description Pieces that come in, or with a minus go out.
             */
            delta: number;
            /** @description `INITIAL` for the first stock; anything else is an adjustment, noted with this text of up to 255 characters. */
            reason: string;
            /** @description 1 to 64 visible ASCII characters; the same one for a product counts once. */
            requestId: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list: {
        parameters: {
            query?: {
                /**
                 * @description Text that name or description must contain, compared as MySQL's utf8mb4_0900_ai_ci does: case and accents do
                 *     not count. `%`, `_` and `\` are themselves; spaces count. Empty or absent: all products.
                 */
                search?: string;
                /** @description Products per page. */
                limit?: number;
                /** @description `nextCursor` of the page before, of the same search. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, with the prices and stock committed now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProductPage"];
                };
            };
            /** @description A parameter is wrong; `errors` names it */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away, too old or too busy; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The product, with the price and stock committed now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            /** @description There is no such product */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away, too old or too busy; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's number */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProductText"];
            };
        };
        responses: {
            /** @description The product as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            /** @description It is new; its stock is what was left of an earlier one, or 0 */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            /** @description No valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another product has this sku */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `errors` names what is wrong */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away; safe to repeat */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such product */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away; safe to repeat */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's number */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StockChange"];
            };
        };
        responses: {
            /** @description Done now, or by the same request before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stock"];
                };
            };
            /** @description No valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such product */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The stock would go below zero */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `errors` names what is wrong */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away; safe to repeat with the same requestId */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One line a product, in id order */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["Row"];
                    "text/csv": string;
                };
            };
            /** @description No valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    import: {
        parameters: {
            query?: {
                /** @description Name of this import, 1 to 32 letters, digits and hyphens; give the same one when it is sent again. */
                import?: string;
                /** @description Lines up to this one were imported already. */
                after?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-ndjson": components["schemas"]["Row"];
                "text/csv": string;
            };
        };
        responses: {
            /** @description All lines were looked at; `errors` names those left out */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportReport"];
                };
            };
            /** @description No valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Neither NDJSON nor CSV */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The rest cannot be read */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database went away; `detail` says how to go on */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
