/** A browser's storage that may be full, switched off, or hold what another version wrote. */
export interface Shelf<T> {
  read(): T | null;
  write(value: T | null): void;
}

/** `parse` gives null for what it does not understand. What cannot be stored is kept in memory. */
export function shelf<T>(storage: () => Storage, name: string, parse: (value: unknown) => T | null): Shelf<T> {
  // What could not be stored; what is stored then is older.
  let unstored: { value: T | null } | null = null;
  return {
    read() {
      if (unstored) return unstored.value;
      try {
        const text = storage().getItem(name);
        return text === null ? null : parse(JSON.parse(text));
      } catch {
        return null;
      }
    },
    write(value) {
      try {
        if (value === null) storage().removeItem(name);
        else storage().setItem(name, JSON.stringify(value));
        unstored = null;
      } catch {
        unstored = { value };
      }
    },
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
