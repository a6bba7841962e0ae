let big = 1.0e308 * 10; in [ big (-big) (big - big == big - big) (0.0 * (-1)) ]
