using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>Row-parallel programming, one device of every cell at a time: G⁺, G⁻, g⁺, g⁻.</summary>
/// <remarks>
/// All devices start in RESET and receive SET pulses only. In each step a row is read, W is compared with its target W_T, two bits per cell are
/// latched (s: whether W is below W_T; p: whether the cell may still be pulsed in this phase), and one pulse reaches all cells of the row that
/// the bits let through. A cell leaves a phase when its error is within the threshold or has changed sign, or when the budget of pulses is spent. Devices that raise W and
/// devices that lower it take turns, so an overshoot of one is made up for by the next; how much a step of each device gives may differ from
/// device to device. A more significant device stops short of the target, so that the last steps are those of a less significant one. After Mackin et al., Advanced Electronic Materials 5:1900026 (2019), whose numbers are not all public: order, thresholds
/// and device parameters are chosen here.
/// </remarks>
public sealed record FourPhaseProgramming : ProgrammingScheme, ICrossChecked
{
    /// <summary>How a device gains conductance by pulses, in siemens.</summary>
    public PulsedDevice Device { get; init => field = NotNull(value); } = new SoftBounds
    {
        DwMin = 2 * Units.uS,
        DwMinVariation = 0.3,
        UpDownVariation = 0,
        Max = 20 * Units.uS,
        MaxVariation = 0.2,
        Min = -1 * Units.nS,
        MinVariation = 0,
        CycleNoise = 0.3,
        ResetSpread = 0,
    };

    /// <summary>Largest conductance that a weight asks of a device, relative to the device's mean largest one, which many do not reach.</summary>
    [Unit("1")]
    public double UsableShare { get; init => field = Within(value, 0.01, 1); } = 0.6;

    /// <summary>In which order the devices of a cell are pulsed.</summary>
    public PhaseOrder Order { get; init => field = NotNull(value); } = new PlusMinusOrder();

    /// <summary>Most pulses that a device receives in a phase.</summary>
    [Unit("1")]
    public int PulsesPerPhase { get; init => field = Within(value, 1, 100_000); } = 20;

    /// <summary>Error at which a phase of a more significant device leaves a cell, in mean steps of that device.</summary>
    [Unit("1")]
    public double CoarseSteps { get; init => field = NotNegative(value); } = 0.3;

    /// <summary>
    /// How far short of its target a cell is left by its more significant devices, in mean steps of the first less significant one that follows.
    /// </summary>
    /// <remarks>
    /// The steps of a device shrink as it fills. A device that starts empty crosses a target in steps as wide as the range of ±<see cref="ProgrammingScheme.TargetError"/>
    /// and misses it; one that is half full does not.
    /// </remarks>
    [Unit("1")]
    public double PreloadSteps { get; init => field = NotNegative(value); } = 1.6;

    /// <summary>Pulses that every less significant device receives before the first phase, unseen.</summary>
    /// <remarks>
    /// They take the steep beginning off the devices' response, as does the incubation pulse of IBM's patents on pulsed phase-change memory; both
    /// devices of a pair receive them, so W stays where it is on average.
    /// </remarks>
    [Unit("1")]
    public int IncubationPulses { get; init => field = Within(value, 0, 1000); } = 2;

    /// <summary>How rows are read back: one input after another is driven alone, for as long as 13 bits take.</summary>
    public AnalogPath Readout { get; init => field = NotNull(value); } = new() { Adc = new UniformConverter { Bits = 13, Bound = 1.1 } };

    /// <inheritdoc/>
    public void Check()
    {
        if (Device is not IResettable)
            throw new ArgumentException($"FourPhaseProgramming.Device must have a RESET, but {Device.GetType().Name} has none.");
    }

    /// <inheritdoc/>
    public override (double Min, double Max) Range(MemoryStatistics memory) => (0, UsableShare * Device.Range.Max);

    /// <inheritdoc/>
    public override void CheckFit(WeightMap map, MemoryStatistics memory)
    {
        ArgumentNullException.ThrowIfNull(map);
        if (!HasPairsOfItsOwn(map))
        {
            throw new ArgumentException("FourPhaseProgramming needs devices of each weight's own that raise and lower it in turn, "
                + $"the most significant first, but InferenceConfig.Map is {map.GetType().Name}; use DifferentialPair or TwoPairs.");
        }
        if (map.Significances.Count > Order.MostDevices)
            throw new ArgumentException($"FourPhaseProgramming.Order has an order for {Order.MostDevices} devices of a cell, but {map.GetType().Name} has {map.Significances.Count}; use PlusMinusOrder.");
    }

    private static bool HasPairsOfItsOwn(WeightMap map)
    {
        var significances = map.Significances;
        return significances.Count % 2 == 0 && map.DevicesPerWeight(1000) == significances.Count
            && significances.Chunk(2).All(pair => pair[0] > 0 && pair[1] == -pair[0])
            && significances.Zip(significances.Skip(2), (more, less) => Math.Abs(more) >= Math.Abs(less)).All(fits => fits);
    }

    /// <inheritdoc/>
    public override ProgrammedDevices Program(ProgrammingTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var devices = Enumerable.Range(0, task.Map.Significances.Count).Select(place => new Place(Device, task, place)).ToArray();
        var phases = new List<(string, double)>();
        var least = task.Map.Significances.Min(Math.Abs);
        foreach (var (device, significance) in devices.Zip(task.Map.Significances))
            if (Math.Abs(significance) == least)
                device.Incubate(IncubationPulses, task.Stream.Split("incubation"));
        for (var number = 0; number < devices.Length; number++)
        {
            using var inner = NewDisposeScope();
            var phase = new Phase(task, Order.Devices(number, devices.Length));
            var significance = phase.Significance;
            if (significance > least)
            {
                var next = Enumerable.Range(number + 1, devices.Length - number - 1).Select(later => new Phase(task, Order.Devices(later, devices.Length))).FirstOrDefault(later => later.Significance == least);
                var goal = next is null ? task.Weights : task.Weights - next.Direction * (float)(PreloadSteps * Device.NominalStep * least / task.Span);
                Run(task, devices, number, phase, goal, CoarseSteps * Device.NominalStep * significance / task.Span);
            }
            else
            {
                Run(task, devices, number, phase, task.Weights, TargetError);
            }
            phases.Add((Order.NameOf(number, devices.Length), (Weights(task, devices) - task.Weights).square().mean().sqrt().item<float>()));
        }
        var conductances = devices.Select(device => device.Conductances.clone().MoveToOuterDisposeScope()).ToArray();
        return new(conductances, [.. conductances.Select(conductance => conductance.alias().MoveToOuterDisposeScope())], devices.Sum(device => device.Pulses), phases);
    }

    private static Tensor Weights(ProgrammingTask task, Place[] devices) => task.Map.Weights([.. devices.Select(device => device.Conductances)], task.Span);

    /// <summary>Pulses one device of every cell towards a goal, until none is farther from it than the threshold.</summary>
    private void Run(ProgrammingTask task, Place[] devices, int number, Phase phase, Tensor goal, double threshold)
    {
        using var scope = NewDisposeScope();
        var stream = task.Stream.Split("phase").Split(number);
        var mayPulse = ones_like(task.Weights, ScalarType.Bool);
        for (var step = 0; step < PulsesPerPhase; step++)
        {
            using var inner = NewDisposeScope();
            var read = Readout.ReadCells(Weights(task, devices), stream.Split("read").Split(step));
            mayPulse.logical_and_((goal - read) * phase.Direction > (float)threshold);
            if (!mayPulse.any().item<bool>())
                break;
            foreach (var (device, cells) in phase.Devices)
                devices[device].Pulse(cells is null ? mayPulse : mayPulse.logical_and(cells), stream.Split(step));
        }
    }

    /// <summary>One device of every cell, which may be another one where the target is negative.</summary>
    private sealed class Phase
    {
        public Phase(ProgrammingTask task, (int IfPositive, int IfNegative) turn)
        {
            var significances = task.Map.Significances;
            var (positive, negative) = (Math.Sign(significances[turn.IfPositive]), Math.Sign(significances[turn.IfNegative]));
            Significance = Math.Abs(significances[turn.IfPositive]);
            if (turn.IfPositive == turn.IfNegative)
            {
                (Direction, Devices) = (full([1, 1], (float)positive, device: task.Weights.device), [(turn.IfPositive, null)]);
                return;
            }
            var isPositive = task.Weights >= 0;
            Direction = where(isPositive, full_like(task.Weights, (float)positive), full_like(task.Weights, (float)negative));
            Devices = [(turn.IfPositive, isPositive), (turn.IfNegative, isPositive.logical_not())];
        }

        /// <summary>Significance of the devices, without its sign.</summary>
        public double Significance { get; }

        /// <summary>1 in cells whose weight a pulse raises, −1 in the others.</summary>
        public Tensor Direction { get; }

        /// <summary>The devices, and the cells in which it is their turn; null for all.</summary>
        public (int Device, Tensor? Cells)[] Devices { get; }
    }

    /// <summary>The devices in one place of the cells.</summary>
    private sealed class Place
    {
        private readonly PulsedDevice device;
        private readonly int place;
        private readonly PulseTarget target;
        private readonly Tensor? stuck;

        public Place(PulsedDevice device, ProgrammingTask task, int place)
        {
            (this.device, this.place) = (device, place);
            var shape = task.Weights.shape;
            var stream = task.StreamOf(place);
            var planes = device.Manufacture(stream.Split("wafer"), shape, task.Weights.device);
            planes.Value.copy_(((IResettable)device).AfterReset(Noise.Normal(stream.Split("reset"), shape, task.Weights.device)));
            stuck = task.Stuck(place, shape);
            target = new() { Planes = planes, Weights = zeros(shape, device: task.Weights.device) };
            device.Accept(Engines.For(task.Weights.device).Read(target, stream));
        }

        /// <summary>Conductances (S).</summary>
        public Tensor Conductances => ProgrammingTask.Hold(target.Weights, stuck);

        /// <summary>Pulses that were sent.</summary>
        public long Pulses => target.Pulses;

        /// <summary>Sends some pulses to all of the devices.</summary>
        public void Incubate(int pulses, Rng rng)
        {
            using var scope = NewDisposeScope();
            device.Accept(Engines.For(target.Weights.device).Pulse(target, full_like(target.Weights, pulses, ScalarType.Int32), rng.Split(place)));
        }

        /// <summary>Sends one pulse to some of the devices.</summary>
        public void Pulse(Tensor which, Rng rng) => device.Accept(Engines.For(which.device).Pulse(target, which.to(ScalarType.Int32), rng));
    }
}

/// <summary>In which order the devices of a cell are pulsed.</summary>
public abstract record PhaseOrder : HardwareConfig
{
    /// <summary>Most devices of a cell that there is an order for.</summary>
    public abstract int MostDevices { get; }

    /// <summary>The devices that a phase pulses: in cells with a target of 0 or more, and in the others.</summary>
    /// <param name="phase">The number of the phase.</param>
    /// <param name="devices">Number of devices of a cell, raising and lowering in turn, the most significant first.</param>
    public abstract (int IfPositive, int IfNegative) Devices(int phase, int devices);

    /// <summary>What a phase is called.</summary>
    /// <param name="phase">The number of the phase.</param>
    /// <param name="devices">Number of devices of a cell.</param>
    public abstract string NameOf(int phase, int devices);

    /// <summary>The letter of a pair: G for the most significant one of several.</summary>
    private protected static string Letter(int pair, int devices) => devices > 2 && pair == 0 ? "G" : "g";
}

/// <summary>Pair by pair, the raising device before the lowering one: G⁺, G⁻, g⁺, g⁻.</summary>
public sealed record PlusMinusOrder : PhaseOrder
{
    /// <inheritdoc/>
    public override int MostDevices => int.MaxValue;

    /// <inheritdoc/>
    public override (int IfPositive, int IfNegative) Devices(int phase, int devices) => (phase, phase);

    /// <inheritdoc/>
    public override string NameOf(int phase, int devices) => $"{Letter(phase / 2, devices)}{(phase % 2 == 0 ? '+' : '-')}";
}

/// <summary>By the sign of the target: the device of G that has it, that of g against it, that of g that has it, that of G against it.</summary>
public sealed record SignOrder : PhaseOrder
{
    /// <inheritdoc/>
    public override int MostDevices => 4;

    /// <inheritdoc/>
    public override (int IfPositive, int IfNegative) Devices(int phase, int devices)
    {
        var raising = phase is 0 or 3 ? 0 : devices - 2; // of the pair whose turn it is
        return phase % 2 == 0 ? (raising, raising + 1) : (raising + 1, raising);
    }

    /// <inheritdoc/>
    public override string NameOf(int phase, int devices) => phase switch
    {
        0 => $"{Letter(0, devices)} with the sign",
        1 => "g against it",
        2 => "g with the sign",
        _ => "G against it",
    };
}
