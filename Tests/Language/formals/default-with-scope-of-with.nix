with { q = 7; }; ({ a ? q }: a) { }
