# differs from 2.8.0: the newest names where a selected attribute is defined
let s = { a.b = throw "gone"; }; in s.a.b
