builtins.stringLength "\r\n"
