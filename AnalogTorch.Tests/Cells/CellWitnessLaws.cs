using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Cells;

/// <summary>Every cell does what its witness says, example after example, over several transfers, refreshes and polarities.</summary>
public class CellWitnessLaws
{
    private const int Outputs = 3, Inputs = 4, Batches = 30, MostSamples = 3;
    private const double Tolerance = 0.02; // of a pulse: a thousand roundings of a voltage make 1/1000 of one

    /// <summary>Cells without noise and variation, with random parameters otherwise.</summary>
    private static readonly Dictionary<Type, Func<Dice, UnitCell>> Quiet = new()
    {
        [typeof(SingleDevice)] = dice => dice.Pick<Func<UnitCell>>(
            () => new SingleDevice { Device = Step(new ConstantStep(), dice), ValuePerWeight = dice.Between(0.5, 2), Reference = dice.Pick<Reference>(new ZeroReference(), new MidRangeReference()) },
            () => new SingleDevice { Device = Step(new SoftBounds { UpDownBias = dice.Between(-0.5, 0.5) }, dice), ValuePerWeight = dice.Between(0.5, 2), Reference = new SymmetryPointReference() },
            () => new SingleDevice { Device = Capacitor(dice), ValuePerWeight = dice.Between(50, 150) * Units.uS, Reference = new MidRangeReference(), LeakEvery = dice.Whole(1, 6) })(),
        [typeof(OneSidedPair)] = dice => new OneSidedPair
        {
            Device = new PcmSet { NoiseSlope = 0, NoiseStep = 0, NoiseHistory = 0, GResetSpread = 0, MeanStep = dice.Between(0.5, 1) * Units.uS, GMax = dice.Between(12, 20) * Units.uS },
            ValuePerWeight = dice.Between(20, 60) * Units.uS,
            MaxWritePulses = dice.Whole(3, 30),
            Refresh = dice.Pick<PairRefresh>(new NoRefresh(), new OccasionalReset { Every = dice.Whole(3, 9), Threshold = dice.Between(3, 6) * Units.uS }),
        },
        [typeof(MspLspCell)] = dice => new MspLspCell
        {
            Gain = dice.Between(2, 4),
            SiemensPerWeight = dice.Between(80, 200) * Units.uS,
            TransferEvery = dice.Whole(5, 13),
            LeakEvery = dice.Whole(1, 6),
            ExampleTime = dice.Between(10, 60) * Units.us, // of which an interval is up to a seventh of the time constant
            CorrectionRounds = dice.Whole(0, 3),
            MaxCorrectionPulses = dice.Whole(1, 12), // often fewer than are missing
            OutputsPerReference = dice.Whole(1, 4),
            Capacitor = Capacitor(dice),
            Polarity = dice.Pick<Polarity>(new AlternatingPolarity(), new FixedPolarity()),
            Offset = dice.Pick<TransferOffset>(new NoOffset(), new PolarityOffset(), new ConstantOffset(), new ReferenceOffset { Offset = dice.Between(1, 3) * Units.uS }),
            Writer = dice.Pick<ConductanceWriter>(new IdealWriter(), new StaircaseWriter { Spread = 0, SpreadAbove = 0, Tries = 1, GMin = dice.Between(0.2, 0.8) * Units.uS }),
        },
    };

    private static readonly Dictionary<Type, Func<Dice, UnitCell>> QuietRules = new()
    {
        [typeof(TikiTaka)] = dice => OfTwo(new TikiTaka { Mixing = dice.Between(0, 1), TransferRate = dice.Between(0.3, 1.5), Rounding = new NearestRounding(), FastReference = AtSymmetry(dice) }, dice),
        [typeof(BufferedTikiTaka)] = dice => OfTwo(new BufferedTikiTaka { Granularity = dice.Between(2, 20), FastReference = AtSymmetry(dice) }, dice),
        [typeof(ChoppedTikiTaka)] = dice => OfTwo(new ChoppedTikiTaka { Granularity = dice.Between(2, 20), Chopper = new RegularChopper { Reads = dice.Whole(1, 4) }, FastReference = AtSymmetry(dice) }, dice),
        [typeof(Agad)] = dice => OfTwo(new Agad { Granularity = dice.Between(2, 20), Chopper = new RegularChopper { Reads = dice.Whole(1, 4) }, Tail = dice.Between(0.3, 3) }, dice),
        [typeof(ResidualLearning)] = dice => OfTwo(new ResidualLearning { Smoothing = dice.Between(0.2, 1), TransferRate = dice.Between(0.3, 1.5), Rounding = new NearestRounding(), FastReference = AtSymmetry(dice) }, dice)
            with
        { Mixing = dice.Between(0, 1) },
        [typeof(MultiTileResidual)] = dice => new MultiTileResidual
        {
            Device = Curved(dice),
            Reference = AtSymmetry(dice),
            Tiles = dice.Whole(2, 4),
            Significance = dice.Between(0.2, 0.8),
            TransferEvery = dice.Whole(1, 2),
            TransferGrowth = dice.Whole(1, 3),
            TransferRate = dice.Between(0.3, 1.5),
            TransferRateGrowth = dice.Between(0.8, 1.5),
            MostPulses = dice.Whole(1, 8),
            Rounding = new NearestRounding(),
            ValuePerWeight = dice.Between(0.5, 2),
        },
        [typeof(MixedPrecision)] = dice => new MixedPrecision { Synapse = Synapses(dice), Granularity = dice.Between(0.6, 3), TransferEvery = dice.Whole(1, 5), MostPulses = dice.Whole(1, 8), ValuePerWeight = dice.Between(0.5, 2) },
        [typeof(MultiMemristive)] = dice => new MultiMemristive
        {
            Synapse = Synapses(dice),
            Count = dice.Pick(1, 3, 5),
            Increment = dice.Whole(1, 2),
            RaiseEvery = dice.Whole(1, 3),
            LowerEvery = dice.Whole(1, 3),
            ValuePerWeight = dice.Between(0.5, 2),
        },
        [typeof(PeriodicCarry)] = dice => new PeriodicCarry
        {
            Device = Curved(dice),
            Reference = AtSymmetry(dice),
            Base = dice.Between(2, 8),
            Digits = dice.Whole(2, 4),
            CarryEvery = dice.Whole(3, 9),
            CarryAbove = dice.Between(0.05, 0.3),
            Tries = dice.Whole(1, 4),
            MostPulses = dice.Whole(3, 30),
            ValuePerWeight = dice.Between(0.5, 2),
        },
    };

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var type in Catalog.Variants<UnitCell>().Where(type => type.Assembly == typeof(UnitCell).Assembly))
                for (var seed = 1; seed <= 12; seed++)
                    cases.Add(type.Name, seed);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void TheArrayDoesWhatTheWitnessSays(string name, int seed)
    {
        var dice = new Dice(Rng.FromSeed(seed).Split(name));
        Holds(Quiet.Concat(QuietRules).Single(entry => entry.Key.Name == name).Value(dice), MeanElements.Of, Rng.FromSeed(seed));
    }

    /// <summary>Runs an array and a witness for each of its cells beside it.</summary>
    internal static void Holds(UnitCell cell, Func<PulsedDevice, IMeanElement> elements, Rng rng)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weights = zeros(Outputs, Inputs);
        using var array = cell.Build(rng.Split("array"), weights);
        var targets = Noise.Normal(rng.Split("targets"), weights.shape).mul_((float)(10 * cell.WeightStep));
        var witnesses = Bench.Floats(targets).Select((target, i) =>
        {
            var witness = cell.Witness(elements, new(i % Inputs, Inputs));
            witness.Write(target);
            return witness;
        }).ToArray();
        array.Write(targets);
        Compare(0);
        for (var batch = 0; batch < Batches; batch++)
        {
            var samples = 1 + (int)(rng.Split("samples").Split(batch).Key % MostSamples);
            var dice = new Dice(rng.Split("rates").Split(batch));
            var trains = Bench.Trains(rng.Split("trains").Split(batch), samples, Inputs, Outputs, 0.3) with { Rate = dice.Between(0.3, 1), TrainRate = dice.Between(0.3, 1) };
            array.Update(trains);
            for (var sample = 0; sample < samples; sample++)
            {
                var (up, down) = Bench.Coincidences(trains.Slice(sample, 1), Outputs, Inputs, PulseSide.Both, inverted: false);
                for (var i = 0; i < witnesses.Length; i++)
                    witnesses[i].Example(up[i] - down[i], new(trains.Rate, trains.TrainRate));
            }
            Compare(array.Examples);
        }

        void Compare(long examples)
        {
            foreach (var (quantity, values) in array.Observables)
            {
                var step = cell switch
                {
                    SingleDevice { Device: GatedCapacitor capacitor } => capacitor.VoltageStep,
                    SingleDevice single => single.Device.NominalStep,
                    OneSidedPair pair => pair.Device.NominalStep,
                    MspLspCell pairs => pairs.Capacitor.NominalStep,
                    MixedPrecision mixed => mixed.Synapse.Element.NominalStep,
                    _ => cell.UpdatedDevice()?.NominalStep ?? cell.WeightStep,
                };
                Near(quantity, values, witness => witness.Observables.Single(entry => entry.Name == quantity).Value, step);
            }
            Near("weight", weights, witness => witness.Weight, cell.WeightStep);

            void Near(string what, Tensor measured, Func<CellWitness, double> expected, double step)
            {
                var numbers = Bench.Floats(measured.contiguous());
                for (var i = 0; i < numbers.Length; i++)
                {
                    var off = (numbers[i] - expected(witnesses[i])) / step;
                    Assert.True(Math.Abs(off) < Tolerance, $"After {examples} examples, {what} {i} is off by {off:G3} pulses: {numbers[i]} instead of {expected(witnesses[i])}; {cell}.");
                }
            }
        }
    }

    private static T Step<T>(T device, Dice dice) where T : BoundedDevice =>
        device with { DwMin = dice.Between(0.005, 0.02), Max = dice.Between(0.3, 0.8), Min = -dice.Between(0.3, 0.8), DwMinVariation = 0, UpDownVariation = 0, MaxVariation = 0, MinVariation = 0, CycleNoise = 0 };

    /// <summary>Two kinds of devices, the fast and the slow one, and what all rules between them share.</summary>
    private static T OfTwo<T>(T cell, Dice dice) where T : TransferCell => cell with
    {
        Fast = Curved(dice),
        Slow = Curved(dice),
        SlowReference = dice.Pick<Reference>(new ZeroReference(), new SymmetryPointReference()),
        TransferEvery = dice.Whole(1, 3),
        MostPulses = dice.Whole(1, 6),
        ValuePerWeight = dice.Between(0.5, 2),
    };

    private static Reference AtSymmetry(Dice dice) => new SymmetryPointReference { Offset = dice.Between(-0.1, 0.1) };

    private static PulsedDevice Curved(Dice dice) => dice.Pick<Func<PulsedDevice>>(
        () => Step(new SoftBounds { UpDownBias = dice.Between(-0.3, 0.3) }, dice),
        () => new ResponseDevice
        {
            Response = dice.Pick<ResponseFunction>(new LinearResponse(), new PowerResponse { Exponent = dice.Between(0.4, 3) }, new ExponentialResponse { Rate = dice.Between(0.5, 3) }),
            States = dice.Between(40, 120),
            Bound = dice.Between(0.4, 0.8),
            UpDownBias = dice.Between(-0.3, 0.3),
            BoundVariation = 0,
            StepVariation = 0,
            UpDownVariation = 0,
            CycleNoise = 0,
        })();

    private static Synapse Synapses(Dice dice) => dice.Pick<Synapse>(
        new BidirectionalSynapse { Device = Curved(dice), Reference = AtSymmetry(dice) },
        new DifferentialSynapse
        {
            Device = Step(new ConstantStep(), dice) with { Min = 0, ResetSpread = 0 },
            Refresh = dice.Pick<PairRefresh>(new NoRefresh(), new OccasionalReset { Every = dice.Whole(3, 9), Threshold = dice.Between(0.1, 0.2) }),
        });

    private static GatedCapacitor Capacitor(Dice dice) => new()
    {
        VoltageStep = dice.Between(5, 12) * Units.mV,
        ThresholdMismatch = 0,
        StepMismatch = 0,
        StepSlope = dice.Between(0, 0.6),
        Threshold = dice.Between(0.2, 0.35),
        MinVoltage = dice.Between(0.2, 0.35),
        Leakage = dice.Pick<Leakage>(new NoLeakage(), new ExponentialLeakage { Rest = dice.Between(0.6, 0.9), TimeConstant = dice.Between(2, 5) * Units.ms }),
    };

    /// <summary>Random numbers of a case.</summary>
    internal sealed class Dice(Rng rng)
    {
        private long rolls;

        public double Between(double low, double high) => low + (high - low) * (rng.Split(rolls++).Key >> 11) * Math.Pow(2, -53);

        public int Whole(int low, int high) => (int)Between(low, high + 1);

        public T Pick<T>(params T[] choices) => choices[Whole(0, choices.Length - 1)];
    }
}
