import FarmCommands

FarmCommand.begin()
await FarmCommand.run()
