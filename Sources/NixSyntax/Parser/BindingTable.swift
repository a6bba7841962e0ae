/// The bindings of every set and `let` while they are parsed. A group may grow after it was closed, because
/// `a = { b = 1; }; a.c = 2;` adds to a finished set; so the final tables are only laid out at the end.
struct BindingTable {
    /// Stands for "no entry" in the chains.
    static let none = UInt32.max

    struct Group {
        var firstEntry = BindingTable.none
        var lastEntry = BindingTable.none
        var entryCount: UInt32 = 0
        /// Depth of the deepest child.
        var depth: UInt32 = 0
        /// Index in `rarities` of what most groups have none of, plus one; 0 without.
        fileprivate var rarity: UInt32 = 0
    }

    /// What few groups have.
    struct Rarity {
        fileprivate var firstDynamic = BindingTable.none
        fileprivate var lastDynamic = BindingTable.none
        var dynamicCount: UInt32 = 0
        fileprivate var firstSource = BindingTable.none
        fileprivate var lastSource = BindingTable.none
        var sourceCount: UInt32 = 0
        fileprivate var emptyInherits: UInt32 = 0
    }

    private struct Entry {
        var group: BindingsID
        var next: UInt32
        var attribute: Attribute
    }

    private struct DynamicEntry {
        var next: UInt32
        var attribute: DynamicAttribute
    }

    private struct Source {
        var next: UInt32
        var node: NodeID
    }

    private(set) var groups: [Group] = []
    private var rarities: [Rarity] = []
    private var entries: [Entry] = []
    private var dynamicEntries: [DynamicEntry] = []
    private var sources: [Source] = []
    /// Finds the entries of large groups by group and symbol: index into `entries` plus one; 0 is free.
    private var slots = [UInt32](repeating: 0, count: 64)
    private var usedSlots = 0
    private let seed = NameHash.seed

    /// - Parameter sourceSize: bytes of the source, of which some 64 make a binding.
    init(sourceSize: Int) {
        entries.reserveCapacity(min(sourceSize / 64 + 8, 1 << 16))
        groups.reserveCapacity(min(sourceSize / 128 + 8, 1 << 15))
    }

    /// As that of an array.
    func byteCount(adding more: Int) -> Int {
        let isFull = (usedSlots &+ more) &* 2 > slots.count
        return groups.byteCount(adding: more) &+ rarities.byteCount(adding: more) &+ entries.byteCount(adding: more)
            &+ dynamicEntries.byteCount(adding: more) &+ sources.byteCount(adding: more)
            &+ slots.byteCount(adding: isFull ? slots.count : 0)
    }

    /// Bytes that `layOut` takes.
    var laidOutByteCount: Int {
        groups.count &* MemoryLayout<Bindings>.stride &+ entries.count &* MemoryLayout<Attribute>.stride
            &+ dynamicEntries.count &* MemoryLayout<DynamicAttribute>.stride &+ sources.count
            &* MemoryLayout<NodeID>.stride
    }

    /// How many attributes a group has.
    func attributeCount(of group: BindingsID) -> Int { Int(groups[Int(group.rawValue)].entryCount) }

    mutating func makeGroup() -> BindingsID {
        groups.append(Group())
        return BindingsID(UInt32(truncatingIfNeeded: groups.count &- 1))
    }

    /// Frees what finds entries; none can be added after that.
    mutating func releaseIndex() { slots = [] }

    func rarity(of group: BindingsID) -> Rarity {
        let index = groups[Int(group.rawValue)].rarity
        return index == 0 ? Rarity() : rarities[Int(index) &- 1]
    }

    /// Where a group's rarity lies, made if there is none.
    private mutating func rarityIndex(_ group: BindingsID) -> Int {
        let known = groups[Int(group.rawValue)].rarity
        if known > 0 { return Int(known) &- 1 }
        rarities.append(Rarity())
        groups[Int(group.rawValue)].rarity = UInt32(truncatingIfNeeded: rarities.count)
        return rarities.count &- 1
    }

    /// The index of the entry that `group` has for `name`.
    func find(_ name: SymbolID, in group: BindingsID) -> UInt32? {
        let record = groups[Int(group.rawValue)]
        guard record.entryCount <= Self.smallGroup else {
            let slot = slot(name, group)
            return slots[slot] == 0 ? nil : slots[slot] &- 1
        }
        var index = record.firstEntry
        while index != Self.none {
            if entries[Int(index)].attribute.name == name { return index }
            index = entries[Int(index)].next
        }
        return nil
    }

    func attribute(_ entry: UInt32) -> Attribute { entries[Int(entry)].attribute }

    /// Adds an attribute; if the group has one of this name already, adds nothing and returns its entry.
    mutating func insert(_ attribute: Attribute, into group: BindingsID) -> UInt32? {
        if let known = find(attribute.name, in: group) { return known }
        let index = UInt32(truncatingIfNeeded: entries.count)
        entries.append(Entry(group: group, next: Self.none, attribute: attribute))
        var record = groups[Int(group.rawValue)]
        if record.lastEntry == Self.none {
            record.firstEntry = index
        } else {
            entries[Int(record.lastEntry)].next = index
        }
        record.lastEntry = index
        record.entryCount &+= 1
        groups[Int(group.rawValue)] = record
        if record.entryCount > Self.smallGroup { addSlots(record) }
        return nil
    }

    /// Groups of so many entries are searched one by one; most are no larger.
    private static let smallGroup: UInt32 = 8

    /// Makes the last entry of a large group, or when it has just become large all of them, be found by its slot.
    private mutating func addSlots(_ group: Group) {
        var index = group.entryCount == Self.smallGroup &+ 1 ? group.firstEntry : group.lastEntry
        while index != Self.none {
            let entry = entries[Int(index)]
            slots[slot(entry.attribute.name, entry.group)] = index &+ 1
            usedSlots &+= 1
            if usedSlots &* 2 > slots.count { grow() }
            index = entry.next
        }
    }

    mutating func append(_ attribute: DynamicAttribute, to group: BindingsID) {
        let index = UInt32(truncatingIfNeeded: dynamicEntries.count)
        dynamicEntries.append(DynamicEntry(next: Self.none, attribute: attribute))
        let rarity = rarityIndex(group)
        let last = rarities[rarity].lastDynamic
        if last == Self.none {
            rarities[rarity].firstDynamic = index
        } else {
            dynamicEntries[Int(last)].next = index
        }
        rarities[rarity].lastDynamic = index
        rarities[rarity].dynamicCount &+= 1
    }

    /// Adds the `e` of an `inherit (e)` and returns its number in the group.
    mutating func append(source: NodeID, to group: BindingsID) -> UInt32 {
        let index = UInt32(truncatingIfNeeded: sources.count)
        sources.append(Source(next: Self.none, node: source))
        let rarity = rarityIndex(group)
        let last = rarities[rarity].lastSource
        if last == Self.none {
            rarities[rarity].firstSource = index
        } else {
            sources[Int(last)].next = index
        }
        rarities[rarity].lastSource = index
        rarities[rarity].sourceCount &+= 1
        return rarities[rarity].sourceCount &- 1
    }

    mutating func countEmptyInherit(in group: BindingsID) { rarities[rarityIndex(group)].emptyInherits &+= 1 }

    func depth(of group: BindingsID) -> Int { Int(groups[Int(group.rawValue)].depth) }

    mutating func deepen(_ group: BindingsID, to depth: Int) {
        let depth = UInt32(truncatingIfNeeded: depth)
        if depth > groups[Int(group.rawValue)].depth { groups[Int(group.rawValue)].depth = depth }
    }

    @inline(__always)
    private func slot(_ name: SymbolID, _ group: BindingsID) -> Int {
        let key = UInt64(group.rawValue) &<< 32 | UInt64(name.rawValue)
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: NameHash.mix(key, seed)) & mask
        while slots[slot] != 0 {
            let entry = Int(slots[slot] &- 1)
            if entries[entry].attribute.name == name && entries[entry].group == group { break }
            slot = (slot &+ 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt32](repeating: 0, count: old.count &* 2)
        for index in old where index != 0 {
            let entry = entries[Int(index &- 1)]
            slots[slot(entry.attribute.name, entry.group)] = index
        }
    }
}

extension BindingTable {
    func attributes(of group: BindingsID) -> [Attribute] {
        var result: [Attribute] = []
        result.reserveCapacity(attributeCount(of: group))
        var index = groups[Int(group.rawValue)].firstEntry
        while index != Self.none {
            result.append(entries[Int(index)].attribute)
            index = entries[Int(index)].next
        }
        return result
    }

    /// Moves the dynamic attributes and inherit sources of one group behind those of another, and forgets the first
    /// group's attributes, which the caller has moved.
    mutating func moveRest(of source: BindingsID, to target: BindingsID) {
        let rest = rarity(of: source)
        var index = rest.firstDynamic
        while index != Self.none {
            append(dynamicEntries[Int(index)].attribute, to: target)
            index = dynamicEntries[Int(index)].next
        }
        index = rest.firstSource
        while index != Self.none {
            _ = append(source: sources[Int(index)].node, to: target)
            index = sources[Int(index)].next
        }
        deepen(target, to: depth(of: source))
        if rest.emptyInherits > 0 { rarities[rarityIndex(target)].emptyInherits &+= rest.emptyInherits }
        groups[Int(source.rawValue)] = Group()
    }

    /// Lays the groups out in the tables of the tree.
    func layOut(
        bindings: inout [Bindings], attributes: inout [Attribute], dynamicAttributes: inout [DynamicAttribute],
        children: inout [NodeID]
    ) {
        bindings.reserveCapacity(groups.count)
        attributes.reserveCapacity(groups.reduce(0) { $0 &+ Int($1.entryCount) })
        dynamicAttributes.reserveCapacity(dynamicEntries.count)
        for group in groups {
            let attributeRun = Run(start: UInt32(truncatingIfNeeded: attributes.count), count: group.entryCount)
            var index = group.firstEntry
            while index != Self.none {
                attributes.append(entries[Int(index)].attribute)
                index = entries[Int(index)].next
            }
            var laidOut = Bindings(
                attributes: attributeRun, dynamicAttributes: .empty, inheritSources: .empty, emptyInherits: 0)
            if group.rarity > 0 {
                layOut(rarities[Int(group.rarity) &- 1], &laidOut, &dynamicAttributes, &children)
            }
            bindings.append(laidOut)
        }
    }

    private func layOut(
        _ rarity: Rarity, _ bindings: inout Bindings, _ dynamicAttributes: inout [DynamicAttribute],
        _ children: inout [NodeID]
    ) {
        bindings.dynamicAttributes = Run(
            start: UInt32(truncatingIfNeeded: dynamicAttributes.count), count: rarity.dynamicCount)
        var index = rarity.firstDynamic
        while index != Self.none {
            dynamicAttributes.append(dynamicEntries[Int(index)].attribute)
            index = dynamicEntries[Int(index)].next
        }
        bindings.inheritSources = Run(start: UInt32(truncatingIfNeeded: children.count), count: rarity.sourceCount)
        index = rarity.firstSource
        while index != Self.none {
            children.append(sources[Int(index)].node)
            index = sources[Int(index)].next
        }
        bindings.emptyInherits = rarity.emptyInherits
    }
}
