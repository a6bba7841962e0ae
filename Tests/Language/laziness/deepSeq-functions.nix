# Functions are not entered.
builtins.deepSeq [ (x: throw "no") builtins.throw ] 1
