import FarmCommands

await FarmCommand.run()
