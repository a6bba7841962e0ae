[ a _b c-d e' f1 ifx inx or-else ]
