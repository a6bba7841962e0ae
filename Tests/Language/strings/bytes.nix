# Strings are bytes: these are two and four of them.
map builtins.stringLength [ "ä" "😀" ]
