using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>A weight in digits of base b, of which pulses move the lowest, and whose carries are worked into the next ones now and then.</summary>
/// <remarks>
/// W = Σ_k b^k·(G_k − R)/ValuePerWeight. Every <see cref="CarryEvery"/> examples, a digit beyond <see cref="CarryAbove"/> of its range gives
/// round(d/(b·δ)) steps to the next one, in closed
/// loop, and gives up b times what the next one gained, in closed loop too; then the next one is looked at. Agarwal et al., VLSI 2017, where TaOx
/// alone has 80 % on
/// MNIST and 97 % with carries; base, digits, interval and the closed loop are chosen here.
/// </remarks>
public sealed record PeriodicCarry : UnitCell, ICrossChecked
{
    /// <summary>The devices of all digits.</summary>
    public PulsedDevice Device { get; init => field = NotNull(value); } = new ResponseDevice();

    /// <summary>What the devices are measured against.</summary>
    public Reference Reference { get; init => field = NotNull(value); } = new ZeroReference();

    /// <summary>Significance of a digit over that of the next lower one (b).</summary>
    [Unit("1")]
    public double Base { get; init => field = Within(value, 1, 1000); } = 8;

    /// <summary>Number of digits.</summary>
    [Unit("1")]
    public int Digits { get; init => field = Within(value, 2, 8); } = 3;

    /// <summary>Examples between two carries.</summary>
    [Unit("1")]
    public int CarryEvery { get; init => field = Within(value, 1, int.MaxValue); } = 1000;

    /// <summary>Share of a digit's range above which it is carried.</summary>
    [Unit("1")]
    public double CarryAbove { get; init => field = Within(value, 0, 1); } = 0.5;

    /// <summary>Reads, each followed by pulses, in which the closed loop brings a digit to its value.</summary>
    [Unit("1")]
    public int Tries { get; init => field = Within(value, 1, 1000); } = 5;

    /// <summary>Most pulses between two of these reads.</summary>
    [Unit("1")]
    public int MostPulses { get; init => field = Within(value, 1, 100_000); } = 200;

    /// <summary>The path through which digits are read; 1 stands for a device at the upper end of its range.</summary>
    public AnalogPath Reading { get; init => field = NotNull(value); } = new();

    /// <summary>Value of the lowest digit, in its own unit, that stands for a weight of 1.</summary>
    [Unit("1")]
    public double ValuePerWeight { get; init => field = Positive(value); } = 8;

    /// <inheritdoc/>
    public override double DevicesPerWeight => Digits * (Reference is ZeroReference ? 1 : 2);

    /// <inheritdoc/>
    public override double WeightStep => Device.NominalStep / ValuePerWeight;

    /// <inheritdoc/>
    public override PulsedDevice UpdatedDevice() => Device;

    /// <inheritdoc/>
    public override UnitCell Scaled(double factor) => this with { ValuePerWeight = ValuePerWeight / factor };

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    /// <inheritdoc/>
    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place) => new OneCell(this, elements);

    /// <inheritdoc/>
    public void Check()
    {
        RuleDevices.MustGoBothWays(nameof(PeriodicCarry), nameof(Device), Device);
        RuleDevices.MustHaveSymmetryPoint(nameof(PeriodicCarry), nameof(Device), Device, Reference);
    }

    private double Threshold => CarryAbove * (Device.Range.Max - Device.Range.Min) / 2;

    private sealed class Array(PeriodicCarry cell, Rng rng, Tensor weights) : StackArray(cell, rng, weights, ScheduleOf(cell), StackOf(cell), CarriesDone)
    {
        private const string CarriesDone = "carries";

        public override long Transfers => State.Counter(CarriesDone);

        public override RuleWork Work => new(LineReads, 0, 0, 4L * Weights.shape[0] * LineReads); // compared, divided, rounded, subtracted; closed loops take pulses as they need

        protected override void OnDue(Duty duty, Rng rng)
        {
            if (Rates.Learning == 0)
                return;
            State.Counter(CarriesDone)++;
            for (var digit = 0; digit + 1 < Levels; digit++)
            {
                using var scope = NewDisposeScope();
                var stream = rng.Split(digit);
                var (low, high) = (MeasureAll(digit, stream.Split("low")), MeasureAll(digit + 1, stream.Split("high")));
                var carried = low.abs() > (float)(cell.Threshold / cell.ValuePerWeight);
                if (!carried.any().item<bool>())
                    continue;
                var steps = (low * (float)(1 / (cell.Base * cell.WeightStep))).round_();
                Bring(digit + 1, high + steps * (float)cell.WeightStep, carried, stream.Split("bring high"));
                var gained = MeasureAll(digit + 1, stream.Split("gained")) - high;
                Bring(digit, low - gained * (float)cell.Base, carried, stream.Split("bring low"));
            }
        }

        /// <summary>Closed loop: a digit is read and pulsed until nothing is missing, where it is carried.</summary>
        private void Bring(int digit, Tensor goal, Tensor carried, Rng rng)
        {
            for (var attempt = 0; attempt < cell.Tries; attempt++)
            {
                using var scope = NewDisposeScope();
                var missing = (goal - MeasureAll(digit, rng.Split(2L * attempt))).mul_((float)(1 / cell.WeightStep)).round_();
                var counts = Counts(missing.mul_(carried), cell.MostPulses);
                if (!counts.any().item<bool>())
                    return;
                MoveAll(digit, counts, rng.Split(2L * attempt + 1));
            }
        }

        private static Stack StackOf(PeriodicCarry cell) =>
            new([.. Enumerable.Range(0, cell.Digits).Select(digit => new StackLevel(cell.Device, cell.Reference, Math.Pow(cell.Base, digit)))], cell.ValuePerWeight, cell.Reading);

        private static Schedule ScheduleOf(PeriodicCarry cell) => new()
        {
            Duties = [new("carry", cell.CarryEvery)],
            SettleEvery = cell.Device is ILeaking ? cell.LeakEvery : Schedule.Never,
        };
    }

    private sealed class OneCell(PeriodicCarry cell, Func<PulsedDevice, IMeanElement> elements) : CellWitness
    {
        private readonly IMeanElement[] digits = [.. Enumerable.Range(0, cell.Digits).Select(_ => elements(cell.Device))];
        private readonly double reference = cell.Reference.Nominal(cell.Device);
        private long examples;

        public override double Weight
        {
            get
            {
                // Horner's rule, from the highest digit.
                var value = 0.0;
                for (var i = digits.Length - 1; i >= 0; i--)
                    value = value * cell.Base + digits[i].Seen - reference;
                return value / cell.ValuePerWeight;
            }
        }

        public override IEnumerable<(string Name, double Value)> Observables => digits.Select((digit, i) => ($"Level {i}", digit.Seen));

        public override void Write(double target)
        {
            for (var i = 0; i < digits.Length; i++)
            {
                var share = i == digits.Length - 1 ? target * cell.ValuePerWeight / Math.Pow(cell.Base, i) : 0;
                digits[i].Value = Math.Clamp(reference + share, digits[i].Bounds.Min, digits[i].Bounds.Max);
            }
        }

        public override void Example(int pulses, TrainingRates rates)
        {
            Send(digits[0], pulses);
            if (++examples % cell.CarryEvery != 0)
                return;
            for (var i = 0; i + 1 < digits.Length; i++)
            {
                var (low, high) = (digits[i].Seen - reference, digits[i + 1].Seen);
                if (Math.Abs(low) <= cell.CarryAbove * (cell.Device.Range.Max - cell.Device.Range.Min) / 2)
                    continue;
                Bring(digits[i + 1], high + Math.Round(low / cell.Base / cell.Device.NominalStep) * cell.Device.NominalStep);
                Bring(digits[i], reference + low - (digits[i + 1].Seen - high) * cell.Base);
            }
        }

        private void Bring(IMeanElement digit, double goal)
        {
            for (var attempt = 0; attempt < cell.Tries; attempt++)
                Send(digit, (int)Math.Round(Math.Clamp((goal - digit.Seen) / cell.Device.NominalStep, -cell.MostPulses, cell.MostPulses)));
        }

        private static void Send(IMeanElement digit, int pulses)
        {
            for (var left = Math.Abs(pulses); left > 0; left--)
                digit.Pulse(up: pulses > 0);
        }
    }
}
