# A given null is given.
({ a ? 1 }: a) { a = null; }
