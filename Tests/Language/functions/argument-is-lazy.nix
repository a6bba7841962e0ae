[ ((x: 1) (throw "no")) ((x: y: y) (throw "no") 2) ]
