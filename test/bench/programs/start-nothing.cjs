// A CommonJS file in which nothing happens.
