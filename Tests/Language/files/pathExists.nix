map builtins.pathExists [ ./data/text.txt ./data ./data/none ./data/text.txt/x (toString ./data) /. ]
