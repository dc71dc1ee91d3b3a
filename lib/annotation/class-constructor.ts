/** A class, abstract or not. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- decorators get the constructor as a plain function
export type ClassConstructor = Function;
