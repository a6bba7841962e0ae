"a
b
	c"
