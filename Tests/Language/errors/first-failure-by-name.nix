# differs from 2.8.0: attributes are forced in the order of their names, whatever was parsed before
{ b = throw "b fails"; a = throw "a fails"; }
