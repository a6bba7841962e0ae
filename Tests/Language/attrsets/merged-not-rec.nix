# The second set's `rec` is ignored: it does not see its own names.
{ a.b = 1; a = rec { c = 2; d = c; }; }
