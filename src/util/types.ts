/** `T` without its index signature: the keys that this version knows of an object that may have more. */
export type KnownKeys<T> = { [K in keyof T as string extends K ? never : number extends K ? never : K]: T[K] };
