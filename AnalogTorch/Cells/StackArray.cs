using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Arrays of devices of different significance above each other: W = Σ_i gain_i·(device_i − reference_i)/ValuePerWeight; trains pulse the first.</summary>
/// <remarks>The state keeps the sum from every level on, so that a line of one level is read and pulsed without a look at the others.</remarks>
public abstract class StackArray : CellArray
{
    private const string References = "references";
    private const string LinesRead = "lines";
    private readonly DeviceArray[] levels;
    private readonly double[] gains;
    private readonly double valuePerWeight;
    private readonly AnalogPath reading;

    /// <summary>Manufactures the levels, the one that trains pulse first.</summary>
    /// <param name="cell">What its cells are.</param>
    /// <param name="rng">The stream of this array.</param>
    /// <param name="weights">The effective weights [outputs, inputs].</param>
    /// <param name="schedule">What falls due in it.</param>
    /// <param name="stack">The levels, and how they are read.</param>
    /// <param name="counters">Counters beside the common ones.</param>
    protected StackArray(UnitCell cell, Rng rng, Tensor weights, Schedule schedule, Stack stack, params string[] counters)
        : base(cell, rng, weights, schedule, [LinesRead, .. counters])
    {
        (valuePerWeight, reading, gains) = (stack.ValuePerWeight, stack.Reading, [.. stack.Levels.Select(level => level.Gain)]);
        levels = [.. stack.Levels.Select((level, i) => AddDevices(level.Device, $"level{i}"))];
        using var scope = NewDisposeScope();
        var all = zeros_like(weights);
        for (var i = 0; i < levels.Length; i++)
        {
            if (stack.Levels[i].Reference.Draw(levels[i].Device, levels[i].Planes, rng.Split("reference").Split(i)) is { } reference)
            {
                State.Add(ReferenceOf(i), reference.expand(weights.shape).contiguous());
                all.add_(State[ReferenceOf(i)], alpha: (float)(-gains[i] / valuePerWeight));
            }
            if (i > 0)
                State.Add(SumOf(i), zeros_like(weights));
        }
        State.Add(References, all.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Values)> Observables => levels.Select((level, i) => ($"Level {i}", Read(level)));

    /// <summary>Reads of single lines so far.</summary>
    protected long LineReads => State.Counter(LinesRead);

    /// <summary>Number of levels.</summary>
    protected int Levels => levels.Length;

    /// <summary>Number of input lines.</summary>
    protected long Lines => Weights.shape[1];

    /// <summary>The devices that trains pulse.</summary>
    protected DeviceArray First => levels[0];

    /// <summary>Value of a device, in its own unit, for a weight of 1 before gains.</summary>
    protected double ValuePerWeight => valuePerWeight;

    /// <summary>How the sum from a level on follows from its devices.</summary>
    protected PulseTarget Target(int level) => levels[level].Target(() => new()
    {
        Planes = levels[level].Planes,
        Weights = level == 0 ? Weights : State[SumOf(level)],
        Other = State[level + 1 < levels.Length ? SumOf(level + 1) : References],
        Gain = (float)(gains[level] / valuePerWeight),
    });

    /// <inheritdoc/>
    public override void Refresh()
    {
        for (var i = levels.Length - 1; i >= 0; i--)
            Read(levels[i], Target(i));
    }

    /// <inheritdoc/>
    /// <remarks>The last level takes the weights, and all others are brought to their references.</remarks>
    protected override void OnWrite(Tensor targets, Rng rng)
    {
        var left = targets.clone();
        for (var i = levels.Length - 1; i >= 0; i--)
        {
            var value = i == levels.Length - 1 ? left * (float)(valuePerWeight / gains[i]) : zeros_like(left);
            levels[i].Set(ReferenceAt(i) is { } reference ? value + reference : value);
        }
        Refresh();
    }

    /// <inheritdoc/>
    protected override void OnAdd(Tensor change, Rng rng)
    {
        levels[0].Set(levels[0].Planes.Value + Directed(change) * (float)valuePerWeight);
        Read(levels[0], Target(0));
    }

    /// <inheritdoc/>
    protected override void OnUpdate(TrainPair trains, Rng rng) => Pulse(levels[0], Target(0), Directed(trains), rng);

    /// <inheritdoc/>
    protected override void OnTime(double seconds, Rng rng)
    {
        foreach (var level in levels)
            level.Pass(seconds);
        Refresh();
    }

    /// <summary>Trains as the first level takes them.</summary>
    protected virtual TrainPair Directed(TrainPair trains) => trains;

    /// <summary>Changes as the first level takes them.</summary>
    protected virtual Tensor Directed(Tensor change) => change;

    /// <summary>Reads one line of a level through the converters, in units of weight before gains [outputs, 1], in the caller's dispose scope.</summary>
    /// <param name="level">The level.</param>
    /// <param name="line">The input line that is driven.</param>
    /// <param name="rng">A stream of its own.</param>
    protected Tensor Measure(int level, long line, Rng rng)
    {
        State.Counter(LinesRead)++;
        using var scope = NewDisposeScope();
        var seen = ReadLine(levels[level], line);
        if (ReferenceAt(level) is { } reference)
            seen.sub_(reference.narrow(1, line, 1));
        var full = (float)levels[level].Device.Range.Max;
        var read = reading.IsExact ? seen : reading.ReadCells(seen / full, rng) * full;
        return read.mul((float)(1 / valuePerWeight)).MoveToOuterDisposeScope();
    }

    /// <summary>Sends one line of a level pulses, and works out the weights that follow.</summary>
    /// <param name="level">The level.</param>
    /// <param name="line">The input line.</param>
    /// <param name="counts">Numbers of pulses [outputs, 1] (int32).</param>
    /// <param name="rng">A stream of its own.</param>
    protected void Move(int level, long line, Tensor counts, Rng rng)
    {
        ProgramLine(levels[level], line, counts, rng);
        for (var i = level; i >= 0; i--)
            ReadLine(levels[i], Target(i), line);
    }

    /// <summary>Reads all devices of a level through the converters, in units of weight before gains, in the caller's dispose scope.</summary>
    protected Tensor MeasureAll(int level, Rng rng)
    {
        State.Counter(LinesRead) += Lines;
        using var scope = NewDisposeScope();
        var seen = Read(levels[level]);
        if (ReferenceAt(level) is { } reference)
            seen.sub_(reference);
        var full = (float)levels[level].Device.Range.Max;
        var read = reading.IsExact ? seen : reading.ReadCells(seen / full, rng) * full;
        return read.mul((float)(1 / valuePerWeight)).MoveToOuterDisposeScope();
    }

    /// <summary>Sends all devices of a level pulses, and works out the weights that follow.</summary>
    protected void MoveAll(int level, Tensor counts, Rng rng)
    {
        Program(levels[level], Target(level), counts, rng);
        for (var i = level - 1; i >= 0; i--)
            Read(levels[i], Target(i));
    }

    private Tensor? ReferenceAt(int level) => State.Names.Contains(ReferenceOf(level)) ? State[ReferenceOf(level)] : null;

    private static string ReferenceOf(int level) => $"level{level}_reference";

    private static string SumOf(int level) => $"sum{level}";
}

/// <summary>What a <see cref="StackArray"/> is made of.</summary>
/// <param name="Levels">The levels, the one that trains pulse first.</param>
/// <param name="ValuePerWeight">Value of a device, in its own unit, for a weight of 1 before gains.</param>
/// <param name="Reading">The path through which lines are read; 1 stands for a device at the upper end of its range.</param>
public sealed record Stack(IReadOnlyList<StackLevel> Levels, double ValuePerWeight, AnalogPath Reading);

/// <summary>One array of a stack.</summary>
/// <param name="Device">Its devices.</param>
/// <param name="Reference">What they are measured against.</param>
/// <param name="Gain">Their significance.</param>
public sealed record StackLevel(PulsedDevice Device, Reference Reference, double Gain);
