# differs from 2.8.0: attributes are compared in the order of their names, whatever was parsed before
{ b = throw "never asked for"; a = 1; } == { a = 2; b = 3; }
