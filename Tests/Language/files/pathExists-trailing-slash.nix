map (s: builtins.pathExists (toString ./data + s)) [ "/" "/." "/text.txt/" "/text.txt" "/dir/" ]
