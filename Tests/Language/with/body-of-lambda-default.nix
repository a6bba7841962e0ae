with { d = 3; }; ({ a ? d, b ? a + 1 }: [ a b ]) { }
