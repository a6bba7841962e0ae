import FarmCommands

FarmCommand.dieWithSupervisor()
await FarmCommand.run()
