# A builtin is named without the underscores of its global variable.
1 + __substring
