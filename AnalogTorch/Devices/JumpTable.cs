using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Devices;

/// <summary>A device whose step is drawn from the whole distribution of steps at its conductance.</summary>
/// <remarks>
/// <c>ΔG = G_max·T[bin(G/G_max)](u)</c> with u uniform in [0, 1): one inverse distribution function per bin of conductance and
/// direction (the jump tables of Burr et al. 2014/15 and Sidler et al.). Conductance and step are relative to the G_max of the
/// element, so that one table serves elements of different range. Update rules count a pulse as the mean step over all conductances.
/// </remarks>
public sealed record JumpTable : PulsedDevice, IResettable, ICrossChecked
{
    private const double LeastStep = 1e-6; // of tables that no device can be built from

    /// <summary>The distributions of the steps.</summary>
    public JumpStatistics Jumps { get; init => field = NotNull(value); } = new ParametricJumps();

    /// <summary>Mean highest conductance.</summary>
    [Unit("S")]
    public double GMax { get; init => field = Positive(value); } = 25 * Units.uS;

    /// <summary>Standard deviation of the highest conductance over elements.</summary>
    [Unit("S")]
    public double GMaxSpread { get; init => field = NotNegative(value); } = 5 * Units.uS;

    /// <summary>Mean conductance after RESET.</summary>
    [Unit("S")]
    public double GReset { get; init => field = NotNegative(value); } = 0.5 * Units.uS;

    /// <summary>Standard deviation of the conductance after RESET.</summary>
    [Unit("S")]
    public double GResetSpread { get; init => field = NotNegative(value); } = 0.2 * Units.uS;

    /// <inheritdoc/>
    public override bool IsInSiemens => true;

    /// <inheritdoc/>
    public override double NominalStep => GMax * Math.Max(Jumps.MeanStep, LeastStep);

    /// <inheritdoc/>
    public override (double Min, double Max) Range => (0, GMax);

    /// <inheritdoc/>
    public void Check()
    {
        if (GReset > GMax)
            throw new ArgumentException($"JumpTable.GReset must not exceed GMax, but is {Units.Format(GReset, "S")} over {Units.Format(GMax, "S")}.");
        Jumps.CheckTables();
        if (Jumps.MeanStep <= LeastStep)
        {
            throw new ArgumentException($"{Jumps.GetType().Name}.UpTable must raise conductances on average, by more than {LeastStep}, "
                + $"but changes them by {Jumps.MeanStep:G3}; give what was measured under upward pulses as such.");
        }
    }

    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor) =>
        visitor.Visit(new Step(Jumps.Tables.Up, Jumps.Tables.Down, Jumps.Bins, Jumps.Quantiles), PulseDraw.Uniform);

    /// <inheritdoc/>
    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        var (mean, deviation) = Jumps.StepMoments(element.Value / element.Max, isUpward);
        return new(element.Max * mean, element.Max * deviation);
    }

    /// <inheritdoc/>
    public Tensor AfterReset(Tensor normal) => normal.mul((float)GResetSpread).add_((float)GReset).clamp_min_(0f);

    /// <inheritdoc/>
    public override ElementPlanes Manufacture(Rng rng, long[] shape, Device? device = null) => new(
        Value: AfterReset(Noise.Normal(rng.Split("reset"), shape, device)),
        Up: full(1, (float)NominalStep, device: device),
        Down: full(1, (float)NominalStep, device: device),
        Min: zeros(1, device: device),
        Max: Spread(rng, "max", GMax, GMaxSpread, shape, device).clamp_min_((float)(GMax / 10)),
        Offset: zeros(1, device: device));

    private readonly struct Step(float[] up, float[] down, int bins, int quantiles) : IPulseStep<Step>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => Jump(up, value, cell, draw);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => Jump(down, value, cell, draw);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private T Jump<T>(float[] table, T value, in Cell<T> cell, T draw) where T : struct, ILane<T>
        {
            var bin = T.Min(T.Max(T.Floor(value / cell.Max * (float)bins), 0f), (float)(bins - 1));
            var position = draw * (float)(quantiles - 1);
            var below = T.Min(T.Floor(position), (float)(quantiles - 2));
            var index = bin * (float)quantiles + below;
            var lower = T.Gather(table, index);
            return cell.Max * (lower + (position - below) * (T.Gather(table, index + 1f) - lower));
        }
    }
}

/// <summary>The distributions that a <see cref="JumpTable"/> draws from, relative to G_max.</summary>
public abstract record JumpStatistics : HardwareConfig
{
    // Beside the record, whose fields make its equality.
    private static readonly ConditionalWeakTable<JumpStatistics, TablePair> Cache = [];

    /// <summary>Number of bins of conductance.</summary>
    public abstract int Bins { get; }

    /// <summary>Number of equally spaced quantiles, from the lowest step to the highest.</summary>
    public abstract int Quantiles { get; }

    /// <summary>Upward steps relative to G_max, bin by bin [Bins·Quantiles].</summary>
    public abstract float[] UpTable();

    /// <summary>Downward steps (negative numbers) relative to G_max, bin by bin [Bins·Quantiles].</summary>
    public abstract float[] DownTable();

    /// <summary>A step at a relative conductance, relative to G_max, worked out apart from the tables.</summary>
    /// <param name="relativeConductance">Conductance over G_max, in [0, 1].</param>
    /// <param name="isUpward">Whether the pulse is an upward one.</param>
    public abstract Moments StepMoments(double relativeConductance, bool isUpward);

    /// <summary>Mean upward step relative to G_max at a relative conductance.</summary>
    public double MeanUp(double relativeConductance) => MeanOf(Tables.Up, Math.Clamp((int)(relativeConductance * Bins), 0, Bins - 1));

    /// <summary>Mean upward step relative to G_max over all conductances; the downward one of a device that only goes down.</summary>
    public double MeanStep
    {
        get
        {
            var (up, down) = (MeanOf(Tables.Up), MeanOf(Tables.Down));
            return up == 0 ? -down : up;

            double MeanOf(float[] table) => Enumerable.Range(0, Bins).Average(bin => this.MeanOf(table, bin));
        }
    }

    /// <summary>Mean of what a uniform number draws from quantiles, which are joined by straight lines.</summary>
    private protected static double MeanOf(double[] quantiles) => (quantiles.Sum() - (quantiles[0] + quantiles[^1]) / 2) / (quantiles.Length - 1);

    private double MeanOf(float[] table, int bin) =>
        MeanOf(Array.ConvertAll(table[(bin * Quantiles)..((bin + 1) * Quantiles)], value => (double)value));

    /// <summary>Refuses tables that steps cannot be drawn from.</summary>
    /// <exception cref="ArgumentException">A table is not as large as it is said to be, or holds no numbers.</exception>
    internal void CheckTables()
    {
        (this as ICrossChecked)?.Check();
        if (Bins < 1 || Quantiles < 2)
            throw new ArgumentException($"{GetType().Name}.Bins must be at least 1 and Quantiles at least 2, but they are {Bins} and {Quantiles}.");
        if (Tables.Up.Length != (long)Bins * Quantiles || Tables.Down.Length != Tables.Up.Length)
        {
            throw new ArgumentException($"{GetType().Name}.UpTable and DownTable must hold {Bins} bins of {Quantiles} quantiles, "
                + $"but hold {Tables.Up.Length} and {Tables.Down.Length} numbers.");
        }
        if (!Tables.Up.Concat(Tables.Down).All(float.IsFinite))
            throw new ArgumentException($"{GetType().Name}.UpTable and DownTable must be finite, but hold NaN or infinity.");
    }

    /// <summary>Both tables, worked out once for an instance, because every update needs them.</summary>
    internal TablePair Tables => Cache.GetValue(this, statistics => new(statistics.UpTable(), statistics.DownTable()));

    internal sealed record TablePair(float[] Up, float[] Down);
}
