/** What is wrong with what a model gave to one of the hub's own tools: told as a result, which it can read and mend. */
export class Mistake extends Error {}
