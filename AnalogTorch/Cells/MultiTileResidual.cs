using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Several arrays of geometric significance: the finest takes the gradient, and each coarser one is pulsed open loop with what the next finer one shows.</summary>
/// <remarks>
/// W = Σ_n γ^(N−1−n)·(W_n − R)/ValuePerWeight with n = 0 the finest of N. Every <see cref="TransferEvery"/>·<see cref="TransferGrowth"/>ⁿ examples,
/// one line of array n is read, and the
/// same line of array n + 1 gets round(λ·TransferRate·TransferRateGrowthⁿ·v/δ) pulses. Multi-tile residual learning, arXiv 2510.02516, with γ 0.5,
/// 2·5ⁿ and 0.1·1.2ⁿ; its
/// switching on of coarse arrays at plateaus of the loss is left out, so that all take part from the first example on.
/// </remarks>
public sealed record MultiTileResidual : UnitCell, ICrossChecked
{
    private const double MostExamples = 1L << 52;

    /// <summary>The devices of all arrays.</summary>
    public PulsedDevice Device { get; init => field = NotNull(value); } = new ResponseDevice();

    /// <summary>What the devices are measured against.</summary>
    public Reference Reference { get; init => field = NotNull(value); } = new SymmetryPointReference();

    /// <summary>Number of arrays (N).</summary>
    [Unit("1")]
    public int Tiles { get; init => field = Within(value, 2, 16); } = 4;

    /// <summary>Significance of an array over that of the next coarser one (γ).</summary>
    [Unit("1")]
    public double Significance { get; init => field = Within(value, 0.001, 1); } = 0.5;

    /// <summary>Examples between two reads of the finest array.</summary>
    [Unit("1")]
    public int TransferEvery { get; init => field = Within(value, 1, int.MaxValue); } = 2;

    /// <summary>Factor on the examples between two reads, from array to array.</summary>
    [Unit("1")]
    public double TransferGrowth { get; init => field = Within(value, 1, 1000); } = 5;

    /// <summary>Weight that the second array gains by a read of 1 of the finest, over the learning rate.</summary>
    [Unit("1")]
    public double TransferRate { get; init => field = Positive(value); } = 0.1;

    /// <summary>Factor on that rate, from array to array.</summary>
    [Unit("1")]
    public double TransferRateGrowth { get; init => field = Positive(value); } = 1.2;

    /// <summary>Most pulses that a transfer sends to a device.</summary>
    [Unit("1")]
    public int MostPulses { get; init => field = Within(value, 1, 1000); } = 31;

    /// <summary>How numbers of pulses are rounded.</summary>
    public Rounding Rounding { get; init => field = NotNull(value); } = new StochasticRounding();

    /// <summary>Share of the learning rate at which trains move the finest array.</summary>
    public FastRate FastRate { get; init => field = NotNull(value); } = new ProportionalRate();

    /// <summary>The path through which transfers read; 1 stands for a device at the upper end of its range.</summary>
    public AnalogPath Reading { get; init => field = NotNull(value); } = new();

    /// <summary>Value of a device of the coarsest array, in its own unit, that stands for a weight of 1.</summary>
    [Unit("1")]
    public double ValuePerWeight { get; init => field = Positive(value); } = 1;

    /// <inheritdoc/>
    public override double DevicesPerWeight => Tiles * (Reference is ZeroReference ? 1 : 2);

    /// <inheritdoc/>
    public override double WeightStep => Device.NominalStep / ValuePerWeight;

    /// <inheritdoc/>
    public override bool IsDirect => false;

    /// <inheritdoc/>
    public override PulsedDevice UpdatedDevice() => Device;

    /// <inheritdoc/>
    public override UnitCell Scaled(double factor) => this with { ValuePerWeight = ValuePerWeight / factor };

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    /// <inheritdoc/>
    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place) => new OneCell(this, elements, place);

    /// <inheritdoc/>
    public void Check()
    {
        RuleDevices.MustGoBothWays(nameof(MultiTileResidual), nameof(Device), Device);
        RuleDevices.MustHaveSymmetryPoint(nameof(MultiTileResidual), nameof(Device), Device, Reference);
        if (FastRate.Memory > 0)
            throw new ArgumentException($"MultiTileResidual.FastRate must follow from the learning rate alone, but {FastRate.GetType().Name} follows inputs and errors; take ProportionalRate or ConstantRate.");
    }

    private double GainOf(int tile) => Math.Pow(Significance, Tiles - 1 - tile);

    private long EveryOf(int tile) => (long)Math.Min(Math.Round(TransferEvery * Math.Pow(TransferGrowth, tile)), MostExamples);

    private double RateOf(int tile) => TransferRate * Math.Pow(TransferRateGrowth, tile);

    private sealed class Array : StackArray
    {
        private readonly MultiTileResidual cell;

        public Array(MultiTileResidual cell, Rng rng, Tensor weights)
            : base(cell, rng, weights, ScheduleOf(cell), StackOf(cell), [.. Enumerable.Range(0, cell.Tiles - 1).Select(LinesOf)]) => this.cell = cell;

        public override long Transfers => LineReads;

        public override RuleWork Work => new(LineReads, cell.MostPulses * LineReads, 0, 0); // open loop: trains are drawn of what the converter gives

        public override double TrainRate(Tensor x, Tensor delta, double rate) => cell.FastRate.Of(rate, cell.WeightStep, 0, 0);

        protected override void OnDue(Duty duty, Rng rng)
        {
            if (Rates.Learning == 0)
                return;
            var tile = int.Parse(duty.Name, System.Globalization.CultureInfo.InvariantCulture);
            var line = State.Counter(LinesOf(tile))++ % Lines;
            var read = Measure(tile, line, rng.Split("read"));
            var pulses = cell.Rounding.Round(read.mul_((float)(Rates.Learning * cell.RateOf(tile) / cell.WeightStep)), rng.Split("round"));
            Move(tile + 1, line, Counts(pulses, cell.MostPulses), rng.Split("move"));
        }

        private static string LinesOf(int tile) => $"lines{tile}";

        private static Stack StackOf(MultiTileResidual cell) =>
            new([.. Enumerable.Range(0, cell.Tiles).Select(tile => new StackLevel(cell.Device, cell.Reference, cell.GainOf(tile)))], cell.ValuePerWeight, cell.Reading);

        private static Schedule ScheduleOf(MultiTileResidual cell) => new()
        {
            Duties = [.. Enumerable.Range(0, cell.Tiles - 1).Select(tile => new Duty($"{tile}", cell.EveryOf(tile)))],
            SettleEvery = cell.Device is ILeaking ? cell.LeakEvery : Schedule.Never,
        };
    }

    private sealed class OneCell(MultiTileResidual cell, Func<PulsedDevice, IMeanElement> elements, CellPlace place) : CellWitness
    {
        private readonly IMeanElement[] tiles = [.. Enumerable.Range(0, cell.Tiles).Select(_ => elements(cell.Device))];
        private readonly long[] transfers = new long[cell.Tiles];
        private readonly double reference = cell.Reference.Nominal(cell.Device);
        private long examples;

        public override double Weight
        {
            get
            {
                var sum = 0.0;
                foreach (var tile in tiles)
                    sum += (tile.Seen - reference) * Math.Pow(cell.Significance, cell.Tiles - 1 - System.Array.IndexOf(tiles, tile));
                return sum / cell.ValuePerWeight;
            }
        }

        public override IEnumerable<(string Name, double Value)> Observables => tiles.Select((tile, i) => ($"Level {i}", tile.Seen));

        public override void Write(double target)
        {
            foreach (var tile in tiles)
                tile.Value = Math.Clamp(reference + (tile == tiles[^1] ? target * cell.ValuePerWeight : 0), tile.Bounds.Min, tile.Bounds.Max);
        }

        public override void Example(int pulses, TrainingRates rates)
        {
            Send(tiles[0], pulses);
            examples++;
            var (every, rate) = ((double)cell.TransferEvery, cell.TransferRate);
            for (var i = 0; i + 1 < tiles.Length; i++, every *= cell.TransferGrowth, rate *= cell.TransferRateGrowth)
            {
                if (examples % (long)Math.Round(every) != 0 || transfers[i]++ % place.Lines != place.Line)
                    continue;
                var wanted = cell.Rounding.Rounded(rates.Learning * rate * (tiles[i].Seen - reference) / cell.Device.NominalStep).Mean;
                Send(tiles[i + 1], (int)Math.Clamp(wanted, -cell.MostPulses, cell.MostPulses));
            }
        }

        private static void Send(IMeanElement tile, int pulses)
        {
            for (var left = Math.Abs(pulses); left > 0; left--)
                tile.Pulse(up: pulses > 0);
        }
    }
}
