# The first binding of a set says whether it is recursive.
{ a = rec { b = 1; c = b; }; a.d = 2; }
