# differs from 2.8.0: the newest says where each function was called, here also by tail calls
let f = x: g x; g = x: h x; h = x: assert x; 1; in f false
