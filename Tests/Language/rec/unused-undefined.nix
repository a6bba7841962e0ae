rec { a = nope; b = 1; }.b
