with throw "now"; a
