# Strings are bytes: what is not UTF-8 counts by byte.
[ (builtins.stringLength "ÿþ") (builtins.stringLength "Ã©") ("ÿ" == "þ") ]
