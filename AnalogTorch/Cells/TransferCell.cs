using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>A fast array that takes the gradient and a slow one that holds the weight, to which one input line after another is transferred.</summary>
/// <remarks>
/// W = [C − R_C + γ·(A − R_A)]/ValuePerWeight. Every <see cref="TransferEvery"/> examples the next line of A is read through <see cref="Reading"/>,
/// and the rule says which
/// pulses the same line of C gets for it. What the rules of this family share; Gokmen and Haensch, Frontiers in Neuroscience 14:103 (2020), and those
/// after it.
/// </remarks>
public abstract record TransferCell : UnitCell, ICrossChecked
{
    /// <summary>The devices that take the gradient (A).</summary>
    public PulsedDevice Fast { get; init => field = NotNull(value); } = new ResponseDevice();

    /// <summary>The devices that hold the weight (C).</summary>
    public PulsedDevice Slow { get; init => field = NotNull(value); } = new ResponseDevice();

    /// <summary>What the slow devices are measured against (R_C).</summary>
    public Reference SlowReference { get; init => field = NotNull(value); } = new ZeroReference();

    /// <summary>Share with which the fast array is in the weight that forward and backward read (γ).</summary>
    [Unit("1")]
    public double Mixing { get; init => field = Within(value, 0, 1); }

    /// <summary>Examples from the transfer of one line to that of the next (n_s).</summary>
    [Unit("1")]
    public int TransferEvery { get; init => field = Within(value, 1, int.MaxValue); } = 1;

    /// <summary>Most pulses that a transfer sends to a device.</summary>
    [Unit("1")]
    public int MostPulses { get; init => field = Within(value, 1, 1000); } = 1;

    /// <summary>The rate of the fast array.</summary>
    public FastRate FastRate { get; init => field = NotNull(value); } = new ProportionalRate();

    /// <summary>The path through which transfers read the fast array; 1 stands for a device at the upper end of its range.</summary>
    public AnalogPath Reading { get; init => field = NotNull(value); } = new();

    /// <summary>Value of a device, in its own unit, that stands for a weight of 1.</summary>
    [Unit("1")]
    public double ValuePerWeight { get; init => field = Positive(value); } = 1;

    /// <inheritdoc/>
    public override double DevicesPerWeight => 2 + (Against is ZeroReference ? 0 : 1) + (SlowReference is ZeroReference ? 0 : 1);

    /// <inheritdoc/>
    public override double WeightStep => Fast.NominalStep / ValuePerWeight;

    /// <inheritdoc/>
    public override bool IsDirect => false;

    /// <inheritdoc/>
    public override PulsedDevice UpdatedDevice() => Fast;

    /// <inheritdoc/>
    public override UnitCell Scaled(double factor) => this with { ValuePerWeight = ValuePerWeight / factor };

    /// <summary>Mean step of the slow array (δ_W).</summary>
    public double SlowStep => Slow.NominalStep / ValuePerWeight;

    /// <summary>What the fast devices are measured against (R_A).</summary>
    public abstract Reference Against { get; }

    /// <inheritdoc/>
    public void Check()
    {
        var rule = GetType().Name;
        RuleDevices.MustGoBothWays(rule, nameof(Fast), Fast);
        RuleDevices.MustGoBothWays(rule, nameof(Slow), Slow);
        RuleDevices.MustHaveSymmetryPoint(rule, nameof(Fast), Fast, Against);
        RuleDevices.MustHaveSymmetryPoint(rule, nameof(Slow), Slow, SlowReference);
    }
}

/// <summary>The array of a <see cref="TransferCell"/>; a rule says what a read of a line is made of.</summary>
public abstract class TransferArray : StackArray
{
    private const string Followed = "followed";
    private static readonly Duty Transfer = new("transfer", Schedule.Never);
    private readonly TransferCell cell;
    private readonly List<string> buffers = [];

    /// <summary>Manufactures both arrays.</summary>
    /// <param name="cell">What its cells are.</param>
    /// <param name="rng">The stream of this array.</param>
    /// <param name="weights">The effective weights [outputs, inputs].</param>
    protected TransferArray(TransferCell cell, Rng rng, Tensor weights)
        : base(cell, rng, weights, ScheduleOf(cell), new([new(cell.Fast, cell.Against, cell.Mixing), new(cell.Slow, cell.SlowReference, 1)], cell.ValuePerWeight, cell.Reading))
    {
        this.cell = cell;
        if (cell.FastRate.Memory > 0)
            State.Add(Followed, zeros(2, ScalarType.Float64));
    }

    /// <inheritdoc/>
    public override long Transfers => LineReads;

    /// <inheritdoc/>
    /// <remarks>What a rule keeps of a device is read and written once a read of its line.</remarks>
    public override RuleWork Work => new(
        LineReads, cell.MostPulses * LineReads, 2L * sizeof(float) * buffers.Count * Weights.shape[0] * LineReads, OperationsPerRead * Weights.shape[0] * LineReads);

    /// <summary>Digital operations of the rule for one device that is read.</summary>
    protected abstract int OperationsPerRead { get; }

    /// <inheritdoc/>
    public override double TrainRate(Tensor x, Tensor delta, double rate)
    {
        if (cell.FastRate.Memory == 0)
            return cell.FastRate.Of(rate, cell.WeightStep, 0, 0);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var now = stack([x.abs().amax([1L]).mean(), delta.abs().amax([1L]).mean()]).to(ScalarType.Float64).cpu();
        var kept = Math.Pow(cell.FastRate.Memory, x.shape[0]);
        var means = State[Followed];
        means.copy_(where(means == 0, now, means * kept + now * (1 - kept)));
        var numbers = means.cpu().data<double>().ToArray();
        return cell.FastRate.Of(rate, cell.WeightStep, numbers[0], numbers[1]);
    }

    /// <summary>Adds a digital buffer with a number for each device; writing weights clears it.</summary>
    protected void AddBuffer(string name)
    {
        buffers.Add(name);
        State.Add(name, zeros_like(Weights));
    }

    /// <summary>One line of a buffer [outputs, 1], which is written to in place.</summary>
    protected Tensor Buffer(string name, long line) => State[name].narrow(1, line, 1);

    /// <inheritdoc/>
    protected override void OnWrite(Tensor targets, Rng rng)
    {
        foreach (var buffer in buffers)
            State[buffer].zero_();
        base.OnWrite(targets, rng);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A transfer reads one line, so that only this line has to be cut at its example: all others take the whole batch in one pass. Devices that
    /// leak, lines that are read
    /// twice in a batch, and groups are cut as everywhere.
    /// </remarks>
    protected override bool OnBatch(TrainPair trains, Rng rng)
    {
        var first = cell.TransferEvery - Examples % cell.TransferEvery;
        var due = trains.Samples < first ? 0 : (trains.Samples - first) / cell.TransferEvery + 1;
        if (cell.Fast is ILeaking || cell.Slow is ILeaking || due > Lines || trains.Groups > 1 || Rates.Learning == 0)
            return false;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        long[] lines = [.. Enumerable.Range(0, (int)due).Select(i => (LineReads + i) % Lines)];
        OnUpdate(due == 0 ? trains : trains.Without(lines), rng);
        var done = 0;
        for (var i = 0; i < due; i++)
        {
            using var inner = NewDisposeScope();
            var (line, until, stream) = (lines[i], (int)(first + i * (long)cell.TransferEvery), rng.Split("line").Split(i));
            var words = trains.Line(line);
            PulseLine(First, line, Directed(words.Slice(0, until), line), stream.Split("before"));
            CountExamples(until - done);
            done = until;
            OnDue(Transfer, stream.Split("transfer"));
            if (until < trains.Samples)
                PulseLine(First, line, Directed(words.Slice(until, trains.Samples - until), line), stream.Split("after"));
            ReadLine(First, Target(0), line);
        }
        CountExamples(trains.Samples - done);
        return true;
    }

    /// <summary>Trains of one line as the fast array takes them.</summary>
    protected virtual TrainPair Directed(TrainPair trains, long line) => trains;

    /// <inheritdoc/>
    protected override void OnDue(Duty duty, Rng rng)
    {
        if (Rates.Learning == 0)
            return; // a frozen array is not read either
        var (read, line) = (LineReads / Lines, LineReads % Lines);
        var measured = Measure(0, line, rng.Split("read"));
        if (PulsesFor(line, measured, rng.Split("pulses")) is { } counts)
            Move(1, line, Counts(counts, cell.MostPulses), rng.Split("move"));
        After(line, read, rng.Split("chop"));
    }

    /// <summary>Pulses that a line of the slow array gets for a read of the fast one; null for none. They are limited afterwards.</summary>
    /// <param name="line">The line.</param>
    /// <param name="read">What was read, in weight [outputs, 1].</param>
    /// <param name="rng">A stream of its own.</param>
    protected abstract Tensor? PulsesFor(long line, Tensor read, Rng rng);

    /// <summary>What is done after a line was transferred.</summary>
    /// <param name="line">The line.</param>
    /// <param name="read">Which read of the line it was, from 0.</param>
    /// <param name="rng">A stream of its own.</param>
    protected virtual void After(long line, long read, Rng rng)
    {
    }

    /// <summary>Takes whole pulses out of a buffer that counts in pulses, as many as a transfer may send.</summary>
    /// <param name="buffer">One line of the buffer, from which they are taken.</param>
    protected Tensor TakeWhole(Tensor buffer)
    {
        var whole = buffer.trunc().clamp_(-cell.MostPulses, cell.MostPulses);
        buffer.sub_(whole);
        return whole;
    }

    /// <summary>Pulses of a buffer for a read of 1: λ_H = λ·n_s·n/(γ₀·δ_W·λ_A), Rasch et al. 2024.</summary>
    /// <param name="granularity">The number of reads over which gradients gather (γ₀).</param>
    protected float BufferGain(double granularity) =>
        Rates.Trains == 0 ? 0 : (float)(Rates.Learning * cell.TransferEvery * Lines / (granularity * cell.SlowStep * Rates.Trains));

    private static Schedule ScheduleOf(TransferCell cell) => new()
    {
        Duties = [new("transfer", cell.TransferEvery)],
        SettleEvery = cell.Fast is ILeaking || cell.Slow is ILeaking ? cell.LeakEvery : Schedule.Never,
    };
}

/// <summary>One cell of a fast and a slow device, as the equations say: devices that do not leak, lines that are read exactly.</summary>
/// <param name="cell">The cell.</param>
/// <param name="elements">Gives a single element of a device, without noise and variation.</param>
/// <param name="place">Where in the array the cell is.</param>
public abstract class TransferWitness(TransferCell cell, Func<PulsedDevice, IMeanElement> elements, CellPlace place) : CellWitness
{
    private readonly IMeanElement a = elements(cell.Fast), c = elements(cell.Slow);
    private readonly double refA = cell.Against.Nominal(cell.Fast), refC = cell.SlowReference.Nominal(cell.Slow);
    private long examples, transfers;

    /// <inheritdoc/>
    public override double Weight => (c.Seen - refC) / cell.ValuePerWeight + cell.Mixing * (a.Seen - refA) / cell.ValuePerWeight;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, double Value)> Observables => [("Level 0", a.Seen), ("Level 1", c.Seen)];

    /// <summary>The sign with which the line is pulsed.</summary>
    protected int Chop { get; set; } = 1;

    /// <summary>Number of lines of the array.</summary>
    protected double Lines => place.Lines;

    /// <inheritdoc/>
    public override void Write(double target)
    {
        a.Value = Math.Clamp(refA, a.Bounds.Min, a.Bounds.Max);
        c.Value = Math.Clamp(refC + target * cell.ValuePerWeight, c.Bounds.Min, c.Bounds.Max);
    }

    /// <inheritdoc/>
    public override void Example(int pulses, TrainingRates rates)
    {
        for (var left = Math.Abs(pulses); left > 0; left--)
            a.Pulse(up: pulses * Chop > 0);
        if (++examples % cell.TransferEvery != 0 || transfers++ % place.Lines != place.Line)
            return;
        var wanted = PulsesFor((a.Seen - refA) / cell.ValuePerWeight, rates);
        for (var left = Math.Min(Math.Abs(wanted), cell.MostPulses); left > 0; left--)
            c.Pulse(up: wanted > 0);
        After((transfers - 1) / place.Lines);
    }

    /// <summary>Pulses for a read.</summary>
    protected abstract int PulsesFor(double read, TrainingRates rates);

    /// <summary>What is done after that.</summary>
    protected virtual void After(long read)
    {
    }
}
