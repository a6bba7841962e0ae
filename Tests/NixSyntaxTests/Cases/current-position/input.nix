[ __curPos __curPosX ]
