/** A browser's storage that may be full, switched off, or hold what another version wrote. */
export interface Shelf<T> {
  read(): T | null;
  write(value: T | null): void;
}

/** `parse` gives null for what it does not understand. What cannot be stored is kept in memory. */
export function shelf<T>(storage: () => Storage, name: string, parse: (value: unknown) => T | null): Shelf<T> {
  let memory: T | null = null;
  return {
    read() {
      try {
        const text = storage().getItem(name);
        return text === null ? memory : parse(JSON.parse(text));
      } catch {
        return memory;
      }
    },
    write(value) {
      memory = value;
      try {
        if (value === null) storage().removeItem(name);
        else storage().setItem(name, JSON.stringify(value));
      } catch {
        // It lives as long as the page does.
      }
    },
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
