import Testing

@testable import FirnWorker

private let second: UInt64 = 1_000_000_000

/// What a supervisor does about images, without files and processes.
@Suite struct ImagePlanTests {
    private func plan(_ names: [String] = ["a"]) -> ImagePlan {
        ImagePlan(names.map { PreparedSet(name: $0, root: "lib") })
    }

    private func id(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

    /// A plan whose roots were read and whose images are not there.
    private func unmade(_ names: [String] = ["a"]) -> ImagePlan {
        var plan = plan(names)
        _ = plan.rootRead("lib", contentID: id(1))
        for index in names.indices {
            #expect(plan.next(now: 0) == .check(index))
        }
        for index in names.indices { plan.checked(index, identity: plan.slots[index].identity ?? [], isWhole: false) }
        return plan
    }

    private func word(_ plan: ImagePlan, _ index: Int = 0) -> PreparedSetWord.State {
        plan.words[index].state(of: plan.slots[index].identity ?? [])
    }

    @Test func nothingIsDoneBeforeTheRootIsRead() {
        var plan = plan()
        #expect(plan.next(now: 0) == nil && plan.words == [PreparedSetWord(rawValue: 0)])
    }

    @Test func anImageThatIsThereIsNotMade() {
        var plan = plan()
        _ = plan.rootRead("lib", contentID: id(1))
        #expect(plan.next(now: 0) == .check(0))
        #expect(plan.next(now: 0) == nil)
        plan.checked(0, identity: plan.slots[0].identity ?? [], isWhole: true)
        #expect(plan.next(now: 0) == nil && plan.isSettled && word(plan) == .ready)
    }

    @Test func missingImagesAreMadeOneAfterTheOther() {
        var plan = unmade(["a", "b"])
        #expect(plan.next(now: 0) == .build(0))
        #expect(plan.next(now: 0) == nil && word(plan, 1) == .building)
        plan.ended(.made, now: 1)
        #expect(plan.next(now: 1) == .check(0))
        #expect(plan.next(now: 1) == .build(1))
        plan.checked(0, identity: plan.slots[0].identity ?? [], isWhole: true)
        #expect(word(plan, 0) == .ready && !plan.isSettled)
    }

    @Test func anImageThatAnotherMakesIsLookedAtLater() {
        var plan = unmade()
        _ = plan.next(now: 0)
        plan.ended(.busy, now: 0)
        #expect(plan.next(now: second) == nil)
        #expect(plan.next(now: 3 * second) == .check(0))
    }

    @Test func aFailureIsTriedAgainEverMoreRarely() {
        var plan = unmade()
        _ = plan.next(now: 0)
        plan.ended(.failed, now: 0)
        #expect(word(plan) == .failed && plan.isSettled)
        #expect(plan.next(now: 59 * second) == nil)
        #expect(plan.next(now: 60 * second) == .build(0))
        plan.ended(.failed, now: 60 * second)
        #expect(plan.next(now: 179 * second) == nil)
        #expect(plan.next(now: 180 * second) == .build(0))
    }

    @Test func aRemovedImageIsMadeWhenItIsWanted() {
        var plan = plan()
        _ = plan.rootRead("lib", contentID: id(1))
        _ = plan.next(now: 0)
        let identity = plan.slots[0].identity ?? []
        plan.checked(0, identity: identity, isWhole: true)
        plan.removed(identity)
        #expect(plan.next(now: 0) == nil && word(plan) == .absent && plan.isSettled)
        plan.want(id(9))
        #expect(plan.next(now: 0) == nil)
        plan.want(identity)
        #expect(plan.next(now: 0) == .build(0))
    }

    @Test func otherContentsAreAnotherImage() {
        var plan = unmade()
        _ = plan.next(now: 0)
        let before = plan.slots[0].identity
        var isChanged = plan.rootRead("lib", contentID: id(1))
        #expect(!isChanged, "a root that was touched is the same")
        isChanged = plan.rootRead("lib", contentID: id(2))
        #expect(isChanged)
        #expect(plan.slots[0].identity != before)
        #expect(plan.next(now: 0) == .check(0))
        plan.checked(0, identity: before ?? [], isWhole: true)
        #expect(word(plan) == .building, "what was found is of the old contents")
        plan.checked(0, identity: plan.slots[0].identity ?? [], isWhole: false)
        #expect(plan.next(now: 0) == nil, "the old image is still being made")
        plan.ended(.rootChanged, now: 0)
        #expect(plan.next(now: 0) == .build(0))
    }

    @Test func setsWithFilesAreLeftAlone() {
        var set = PreparedSet(name: "a", root: "lib")
        set.origin = .file("/a.image")
        var plan = ImagePlan([set])
        #expect(plan.roots.isEmpty && !plan.rootRead("lib", contentID: id(1)) && plan.next(now: 0) == nil)
    }

    @Test func theIdentityIsOfEverythingThatIsEvaluated() {
        let set = PreparedSet(name: "a", root: "lib")
        var changed: [PreparedSet] = []
        for change: (inout PreparedSet) -> Void in [
            { $0.root = "other" }, { $0.path = "other.nix" }, { $0.system = "x" }, { $0.features = ["f"] },
            { $0.force = ["f"] }, { $0.arguments = [.init(name: "f", expression: "1")] },
            { $0.arguments = [.init(name: "f1", expression: "")] },
        ] {
            var other = set
            change(&other)
            changed.append(other)
        }
        let identities = changed.map { $0.identity(contentID: id(1)) } + [set.identity(contentID: id(1))]
        #expect(Set(identities).count == identities.count)
        #expect(set.identity(contentID: id(2)) != set.identity(contentID: id(1)))
        var renamed = PreparedSet(name: "b", root: "lib")
        renamed.tenants = ["acme"]
        #expect(renamed.identity(contentID: id(1)) == set.identity(contentID: id(1)))
    }
}

/// What a process knows of its sets.
@Suite struct PreparedSetsTests {
    private let pkgs = PreparedSet(name: "a", root: "lib")
    private var identity: [UInt8] { pkgs.identity(contentID: [1]) }

    private func sets() -> PreparedSets<String> { PreparedSets([pkgs], contentIDs: ["lib": [1]]) }

    private func update(_ sets: inout PreparedSets<String>, _ state: PreparedSetWord.State, _ id: [UInt8]? = nil)
        -> [Int]
    {
        sets.update([PreparedSetWord(state, id ?? identity)]) { _ in "why" }
    }

    @Test func aSetIsAnnouncedAsTheSupervisorSays() {
        var sets = sets()
        #expect(sets.announced.map(\.state) == [.absent])
        #expect(update(&sets, .building).isEmpty && sets.announced.map(\.state) == [.building])
        #expect(update(&sets, .failed).isEmpty)
        #expect(sets.announced.map(\.state) == [.failed] && sets.announced.map(\.reason) == ["why"])
        #expect(update(&sets, .ready) == [0])
        #expect(sets.announced.map(\.state) == [.building], "it is not open yet")
        sets.opened(0, "image", identity: [], byteCount: 7)
        #expect(sets.announced.map(\.state) == [.ready] && sets.announced.map(\.byteCount) == [7])
        #expect(sets.open(identity) == 0 && sets.open([9]) == nil)
        #expect(update(&sets, .ready).isEmpty)
        #expect(update(&sets, .absent).isEmpty && sets.open(identity) == nil)
        #expect(update(&sets, .ready) == [0], "it was made again")
    }

    @Test func anImageThatCannotBeOpenedIsNotTriedAgain() {
        var sets = sets()
        _ = update(&sets, .ready)
        sets.refused(0, reason: "damaged")
        #expect(sets.announced.map(\.reason) == ["damaged"])
        #expect(update(&sets, .ready).isEmpty)
        #expect(update(&sets, .building).isEmpty && update(&sets, .ready) == [0])
    }

    /// The supervisor has read the root when it had other contents.
    @Test func aWordOfAnotherIdentitySaysNothing() {
        var sets = sets()
        #expect(update(&sets, .ready, [UInt8](repeating: 9, count: 32)).isEmpty)
        #expect(sets.announced.map(\.state) == [.absent])
    }

    @Test func anImageThatWasRemovedMeanwhileIsNotTaken() {
        var sets = sets()
        _ = update(&sets, .ready)
        _ = update(&sets, .absent)
        sets.opened(0, "image", identity: [], byteCount: 7)
        #expect(sets.open(identity) == nil)
    }

    @Test func aFileOfTheOperatorIsOpenedOnce() {
        var own = pkgs
        own.origin = .file("/a.image")
        var sets = PreparedSets<String>([own], contentIDs: [:])
        #expect(sets.update(nil) { _ in nil } == [0])
        #expect(sets.update(nil) { _ in nil }.isEmpty)
        sets.opened(0, "image", identity: [3], byteCount: 1)
        #expect(sets.open([3]) == 0 && sets.announced.map(\.state) == [.ready])
        #expect(sets.update(nil) { _ in nil }.isEmpty)
    }

    @Test func aUseIsNotedOnceInAMinute() {
        var sets = sets()
        let noted = [1, 60, 61].map { sets.notesUse(of: 0, now: $0 * second) }
        #expect(noted == [true, false, true])
    }

    @Test func aRootThatCannotBeReadIsAnnouncedAsAFailure() {
        let sets = PreparedSets<String>([pkgs], contentIDs: [:])
        #expect(sets.announced.map(\.state) == [.failed])
        #expect(sets.announced.map(\.reason) == ["the root 'lib' cannot be read"])
    }
}
