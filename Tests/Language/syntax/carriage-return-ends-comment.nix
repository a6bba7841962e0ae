# A carriage return ends a comment.# so does this
[ 1 # one 2 ]
