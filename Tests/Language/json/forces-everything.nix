builtins.toJSON { a = throw "in json"; }
