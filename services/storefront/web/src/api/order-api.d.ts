// Made from openapi/order-api.json by `cargo xtask generate page-api`.

export interface paths {
    "/api/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Dead letters
         * @description All conditions that are given must hold.
         */
        get: operations["list_dead_letters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One dead letter
         * @description Address, payment token and whatever is not known to be harmless are `***`. With `reveal=true` all is shown, and
         *     the log says who asked (caller's address and header `x-actor`) and when.
         */
        get: operations["show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/dead-letters/{id}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Discard a dead letter
         * @description Its order, if it has one, stays FAILED.
         */
        post: operations["discard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/dead-letters/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replay a dead letter
         * @description Publishes the order again; what becomes of it, its status tells. It counts once, however often it is published.
         *     Without a body the record goes out as it is; `replayNeeds` of the dead letter says when that is not enough.
         */
        post: operations["replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/dead-letters:replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replay dead letters by filter
         * @description Open ones only, oldest first, as they are. Those that need an edit or a new number are skipped. It ends at the first
         *     failure; `nextCursor` goes on from there.
         */
        post: operations["replay_many"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A shopper's orders */
        get: operations["list"];
        put?: never;
        /**
         * Place an order
         * @description The answer comes when Kafka has the order durably. Send an `Idempotency-Key` and repeat the request after any
         *     failure: the same shopper, key and body are one order, however often they are sent.
         */
        post: operations["create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{orderNumber}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of an order
         * @description With `wait`, the answer comes when the order has its outcome, or at the wait's end. An accepted order becomes
         *     visible when it is processed; until then it is unknown here.
         */
        get: operations["get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{orderNumber}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel an order
         * @description Before, while or after it is processed. A confirmed order gives its stock back; a rejected one stays what it is.
         */
        post: operations["cancel"];
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
        /** @description A taken order. */
        Accepted: {
            /**
             * Format: uuid
             * @description Reads, cancels and tracks the order: whoever has it may.
             */
            orderNumber: string;
            /**
             * @description Always PENDING: what becomes of the order is decided later.
             * @example PENDING
             */
            status: string;
        };
        /** @description A taken cancel. */
        CancelRequested: {
            /** Format: uuid */
            orderNumber: string;
        };
        /** @description A record that could not become an order. */
        DeadLetter: {
            /**
             * Format: int32
             * @description Tries of the consumer before it gave up.
             */
            attempts: number;
            /** Format: date-time */
            createdAt: string;
            /** @description For a person; holds nothing that a shopper sent. */
            detail: string;
            /** @description Header `event-type`. */
            eventType?: string | null;
            /** Format: int64 */
            id: number;
            /** @description Why it was discarded. */
            note?: string | null;
            /** Format: int64 */
            offset: number;
            /** Format: uuid */
            orderNumber?: string | null;
            /** Format: int32 */
            partition: number;
            /**
             * @description Stable name: UNDECODABLE, UNKNOWN_SCHEMA_VERSION, UNKNOWN_EVENT_TYPE, INVALID_EVENT, NO_VALUE,
             *     IDEMPOTENCY_CONFLICT, REFUSED_BY_DATABASE.
             */
            reason: string;
            /**
             * Format: date-time
             * @description The record's own time.
             */
            recordedAt?: string | null;
            /**
             * Format: int32
             * @description Replays begun. Send it back with a change to be refused when somebody was faster.
             */
            replayCount: number;
            /**
             * Format: uuid
             * @description The order number of the last replay.
             */
            replayedAs?: string | null;
            /**
             * Format: int64
             * @description Bytes of the value.
             */
            size: number;
            status: components["schemas"]["LetterStatus"];
            topic: string;
            /** Format: date-time */
            updatedAt: string;
        };
        /** @description A dead letter with its content. */
        DeadLetterDetail: components["schemas"]["DeadLetter"] & {
            /** @description The value's bytes in base64, when revealed. */
            base64?: string | null;
            /** @description Its `customer`, `items` and `payment`: what a replay takes as `body` after an edit. `***` sent back means "as it was". */
            body?: Record<string, never> | null;
            /** @description The value, when it is JSON. Address, payment token and unknown fields are `***` unless revealed. */
            event?: Record<string, never> | null;
            headers: components["schemas"]["DeadLetterHeader"][];
            /** @description The record's key, as text. */
            key?: string | null;
            /** @description Fields that a replay's request must have: `body`, `orderNumber`; none: it can be replayed as it is. */
            replayNeeds: string[];
            /** @description SHA-256 of the value, in hexadecimal. */
            sha256: string;
        };
        /** @description A header of the record. */
        DeadLetterHeader: {
            name: string;
            /** @description As text; `***` when it is not one of ours and not revealed. */
            value?: string | null;
        };
        /** @description One page, newest first. */
        DeadLetterPage: {
            items: components["schemas"]["DeadLetter"][];
            /** @description Of the next page; null on the last one. */
            nextCursor?: string | null;
        };
        /** @description Why nothing is to be done about a dead letter. */
        DiscardRequest: {
            /** @example test order of a partner */
            reason: string;
            /**
             * Format: int32
             * @description What the caller saw; another count now is a 409.
             */
            replayCount?: number | null;
        };
        /** @description One wrong part of a request. */
        FieldError: {
            /** @description What it must be. */
            detail: string;
            /** @description JSON pointer into the body, or `#name` for a query parameter or header. */
            pointer: string;
        };
        /** @description A line; sku, name and price are those of the order's time, null for an unknown product. */
        ItemView: {
            name?: string | null;
            /** Format: int64 */
            productId: number;
            /** Format: int32 */
            quantity: number;
            sku?: string | null;
            unitPrice?: components["schemas"]["Money"] | null;
        };
        /**
         * @description What became of a dead letter since.
         * @enum {string}
         */
        LetterStatus: "OPEN" | "REPLAYED" | "DISCARDED";
        /** @description Integer minor units (cents for EUR) of a currency. */
        Money: {
            /**
             * Format: int64
             * @description Minor units.
             */
            amount: number;
            /**
             * @description ISO 4217.
             * @example EUR
             */
            currency: string;
        };
        /** @description An order as it stands. */
        OrderView: {
            /** Format: date-time */
            createdAt: string;
            items: components["schemas"]["ItemView"][];
            /** Format: uuid */
            orderNumber: string;
            /** @description Why it was rejected or failed, for example OUT_OF_STOCK. */
            reason?: string | null;
            status: components["schemas"]["Status"];
            total?: components["schemas"]["Money"] | null;
            /** Format: date-time */
            updatedAt: string;
        };
        /** @description One page. */
        Page: {
            /** @description Newest first. */
            items: components["schemas"]["OrderView"][];
            /** @description Of the next page; null on the last one. */
            nextCursor?: string | null;
        };
        /** @description Who orders. */
        PlaceCustomer: {
            /** @example Street 1, 12345 Town */
            address: string;
            /**
             * Format: email
             * @example ann@example.org
             */
            email: string;
            /** @example Ann Example */
            name: string;
        };
        /** @description One line. */
        PlaceItem: {
            /**
             * Format: int64
             * @example 17
             */
            productId: number;
            /**
             * Format: int32
             * @example 2
             */
            quantity: number;
            unitPrice?: components["schemas"]["PlaceMoney"] | null;
        };
        /** @description Integer minor units of a currency. */
        PlaceMoney: {
            /**
             * Format: int64
             * @example 1999
             */
            amount: number;
            /** @example EUR */
            currency: string;
        };
        /** @description An order to place. No field but these is taken, and nothing shaped like a payment card's number in any of them. */
        PlaceOrder: {
            customer: components["schemas"]["PlaceCustomer"];
            /** @description The same product may stand in several lines. */
            items: components["schemas"]["PlaceItem"][];
            payment: components["schemas"]["PlacePayment"];
        };
        /** @description A payment provider's method and token; never a card. */
        PlacePayment: {
            /** @example card */
            method: string;
            /** @example tok_1 */
            token: string;
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
        /** @description Conditions that must all hold; none: all open dead letters. */
        ReplayFilter: {
            /** Format: date-time */
            from?: string | null;
            /** Format: uuid */
            orderNumber?: string | null;
            /** @example REFUSED_BY_DATABASE */
            reason?: string | null;
            /** Format: date-time */
            to?: string | null;
        };
        /** @description Which open dead letters to replay as they are, oldest first. */
        ReplayManyRequest: {
            /** @description `nextCursor` of the answer before. */
            cursor?: string | null;
            /** @description Only say what would be done. */
            dryRun?: boolean | null;
            filter: components["schemas"]["ReplayFilter"];
            /**
             * Format: int32
             * @description At most so many, else 100.
             */
            limit?: number | null;
        };
        /**
         * @description What happened to one of many.
         * @enum {string}
         */
        ReplayOutcome: "REPLAYED" | "WOULD_REPLAY" | "SKIPPED" | "FAILED";
        /** @description How to replay. All fields are optional. */
        ReplayRequest: {
            /** @description Publish once more what is REPLAYED already. It counts once all the same. */
            again?: boolean | null;
            body?: components["schemas"]["PlaceOrder"] | null;
            /**
             * @description A UUID for a record without a number, or `new` for a new order: the only way to replay a conflict.
             * @example new
             */
            orderNumber?: string | null;
            /**
             * Format: int32
             * @description What the caller saw; another count now is a 409.
             */
            replayCount?: number | null;
        };
        /** @description A replay that Kafka has. */
        Replayed: {
            /** Format: int64 */
            id: number;
            /** Format: uuid */
            orderNumber: string;
            /** Format: int32 */
            replayCount: number;
            /** @description Always REPLAYED. What becomes of the order is decided later. */
            status: components["schemas"]["LetterStatus"];
        };
        /** @description What was, or would be, done. */
        ReplayedMany: {
            dryRun: boolean;
            /** Format: int32 */
            failed: number;
            items: components["schemas"]["ReplayedOne"][];
            /** @description Send it to go on behind these; null: there are no more. */
            nextCursor?: string | null;
            /**
             * Format: int32
             * @description With dryRun: would be replayed.
             */
            replayed: number;
            /** Format: int32 */
            skipped: number;
        };
        /** @description What was done about one dead letter. */
        ReplayedOne: {
            /** @description Why it was skipped or failed. */
            detail?: string | null;
            /** Format: int64 */
            id: number;
            /** Format: uuid */
            orderNumber?: string | null;
            outcome: components["schemas"]["ReplayOutcome"];
        };
        /**
         * @description Where an order stands.
         * @enum {string}
         */
        Status: "PENDING" | "CONFIRMED" | "REJECTED" | "FAILED" | "CANCELLED";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_dead_letters: {
        parameters: {
            query?: {
                /** @description Such as UNDECODABLE */
                reason?: string;
                /** @description OPEN, REPLAYED or DISCARDED; else all */
                status?: string;
                /** @description Became a dead letter then or later (RFC 3339) */
                from?: string;
                /** @description Became a dead letter before then (RFC 3339) */
                to?: string;
                /** @description Of this order */
                orderNumber?: string;
                /** @description 1 to 200, else 50 */
                limit?: number;
                /** @description `nextCursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterPage"];
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
            /** @description This service has no token */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A wrong parameter */
            422: {
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
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show: {
        parameters: {
            query?: {
                /** @description `true` shows personal data, and is logged */
                reveal?: boolean;
            };
            header?: {
                /** @description Who asks, for the log */
                "x-actor"?: string | null;
            };
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it stands */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterDetail"];
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
            /** @description This service has no token */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such dead letter */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A wrong parameter */
            422: {
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
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    discard: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the log */
                "x-actor"?: string | null;
            };
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DiscardRequest"];
            };
        };
        responses: {
            /** @description As it stands now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetter"];
                };
            };
            /** @description No JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
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
            /** @description This service has no token */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such dead letter */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is not open (`dead-letter-not-open`), or somebody was faster (`dead-letter-changed`) */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not valid */
            422: {
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
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the log */
                "x-actor"?: string | null;
            };
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ReplayRequest"] | null;
            };
        };
        responses: {
            /** @description Kafka has it */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replayed"];
                };
            };
            /** @description No JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
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
            /** @description This service has no token */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such dead letter */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is not open (`dead-letter-not-open`), or somebody was faster (`dead-letter-changed`) */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not valid, or not possible like this: a pointer to each wrong or missing field */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kafka or the database is away, or it is not known whether Kafka has it; a repetition is safe */
            503: {
                headers: {
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay_many: {
        parameters: {
            query?: never;
            header?: {
                /** @description Who asks, for the log */
                "x-actor"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayManyRequest"];
            };
        };
        responses: {
            /** @description What was done; with `dryRun` what would be */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplayedMany"];
                };
            };
            /** @description No JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
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
            /** @description This service has no token */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not valid */
            422: {
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
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list: {
        parameters: {
            query: {
                /** @description Upper and lower case are the same */
                email: string;
                /** @description 1 to 200, else 20 */
                limit?: number;
                /** @description `nextCursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
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
            /** @description This service has no token */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A wrong parameter */
            422: {
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
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 visible ASCII characters */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceOrder"];
            };
        };
        responses: {
            /** @description Taken */
            200: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description No JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Body too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not declared as JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not valid: a pointer to each wrong field; or the key was used with another body */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This caller sends too much */
            429: {
                headers: {
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kafka is away or we are overloaded; or it is not known whether the order was taken, then `orderNumber` and `idempotencyKey` make a retry safe */
            503: {
                headers: {
                    "Retry-After"?: number;
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
            query?: {
                /** @description A duration of at most 60s, such as `30s`; a bare number is seconds */
                wait?: string;
            };
            header?: never;
            path: {
                orderNumber: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it stands */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderView"];
                };
            };
            /** @description No such order is visible yet (`order-not-visible-yet`, with Retry-After), or not an order number */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a wait of 0 to 60 seconds */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away, or too many wait */
            503: {
                headers: {
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderNumber: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Taken */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CancelRequested"];
                };
            };
            /** @description Not an order number */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This caller sends too much */
            429: {
                headers: {
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Kafka is away, or we are overloaded */
            503: {
                headers: {
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
