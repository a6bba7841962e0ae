[ (builtins.toJSON "äöü😀") (builtins.fromJSON ''"\u00e4\ud83d\ude00"'') ]
