using System.Reflection;
using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Core;

/// <summary>A process that loads hardware of another assembly after it has read and written configs, and uses each piece of it.</summary>
internal static class ExtensionProbe
{
    public const string Argument = "--extension", Extension = "AnalogTorch.Tests.Extension", Prefix = "Foreign";

    /// <summary>Prints a line for every piece: its name, and "works" or what is wrong.</summary>
    public static int Run()
    {
        // The library alone, in files and on layers.
        _ = ConfigJson.Read<TileConfig>(ConfigJson.Write(PcmPresets.MspLsp));
        _ = ConfigJson.Read<InputScaling>(ConfigJson.Write(new NoScaling()));
        var library = Catalog.Variants<HardwareConfig>().Where(type => type.Assembly == typeof(HardwareConfig).Assembly).ToArray();
        var variants = Assembly.Load(Extension).GetTypes().Where(type => type.IsSubclassOf(typeof(HardwareConfig)) && !type.IsAbstract).ToArray();
        foreach (var variant in variants)
            Console.WriteLine($"{variant.Name}: {Verdict(variant, library)}");
        return 0;
    }

    private static string Verdict(Type variant, Type[] library)
    {
        try
        {
            var foreign = (HardwareConfig)Activator.CreateInstance(variant)!;
            if (!Catalog.Variants(variant.BaseType!).Contains(variant))
                return "is not in the catalog";
            if (!foreign.Equals(ConfigJson.Read<HardwareConfig>(ConfigJson.Write(foreign))))
                return "does not survive a file";
            if (library.FirstOrDefault(type => Prefix + type.Name == variant.Name) is not { } own)
                return "works";
            var (theirs, ours) = (Use(foreign), Use((HardwareConfig)Activator.CreateInstance(own)!));
            if (theirs.Hardware is { } hardware && !hardware.Equals(ConfigJson.Read<HardwareConfig>(ConfigJson.Write(hardware))))
                return "does not survive a file in its place";
            if (!theirs.Numbers.All(double.IsFinite))
                return "gives NaN";
            return theirs.Numbers.SequenceEqual(ours.Numbers) ? "works" : "does not do what the library's own does";
        }
        catch (Exception e) // whatever it is, it is what the test wants to know
        {
            return e.ToString();
        }
    }

    /// <summary>Uses a part where it belongs.</summary>
    private static (HardwareConfig? Hardware, double[] Numbers) Use(HardwareConfig part) => part switch
    {
        HardwareCost cost => (cost, Cost(cost)),
        ArrayConductance conductance => Priced(new Duration90nm { Conductance = conductance }),
        _ => Computed(Host(part)),
    };

    private static (HardwareConfig, double[]) Priced(HardwareCost cost) => (cost, Cost(cost));

    private static (HardwareConfig, double[]) Computed(LayerHardware hardware) => (hardware, hardware switch
    {
        TileConfig tile => Train(tile),
        HardwareAwareConfig aware => TrainAware(aware),
        InferenceConfig inference => Program(inference),
        _ => throw new NotSupportedException(hardware.GetType().Name),
    });

    private static LayerHardware Host(HardwareConfig part) => part switch
    {
        // A saturation policy that repeats reads keeps both from the loops that only the library's own parts can be said in.
        InputScaling scaling => Through(Path with { Scaling = scaling }),
        Converter converter => Through(Path with { Dac = converter }),
        Rounding rounding => Through(Path with { Dac = new UniformConverter { Rounding = rounding } }),
        IrDrop drop => Through(Path with { IrDrop = drop }),
        ReadNoise noise => Through(Path with { ReadNoise = noise }),
        Saturation saturation => Through(Path with { Saturation = saturation, Adc = new UniformConverter { Bound = 0.1 } }),
        InputMeasure measure => Through(Path with { Scaling = new CalibratedScaling { Measure = measure } }),
        BoundedDevice device => new TileConfig { Cell = new SingleDevice { Device = device } },
        PulsedDevice device => new TileConfig { Cell = new OneSidedPair { Device = device } },
        JumpStatistics jumps => new TileConfig { Cell = new OneSidedPair { Device = new JumpTable { Jumps = jumps } } },
        Leakage leakage => new TileConfig { Cell = Cell with { Capacitor = new GatedCapacitor { Leakage = leakage } } },
        UnitCell cell => new TileConfig { Cell = cell, Scaling = new FanInScaling() },
        Reference reference => new TileConfig { Cell = new SingleDevice { Reference = reference } },
        ResponseFunction response => new TileConfig { Cell = new SingleDevice { Device = new ResponseDevice { Response = response } } },
        FastRate rate => new TileConfig { Cell = new TikiTaka { FastRate = rate } },
        Chopper chopper => new TileConfig { Cell = new ChoppedTikiTaka { Chopper = chopper } },
        Synapse synapse => new TileConfig { Cell = new MixedPrecision { Synapse = synapse } },
        PairRefresh refresh => new TileConfig { Cell = new OneSidedPair { Refresh = refresh } },
        Polarity polarity => new TileConfig { Cell = Cell with { Polarity = polarity } },
        TransferOffset offset => new TileConfig { Cell = Cell with { Offset = offset } },
        TransferTiming timing => new TileConfig { Cell = Cell with { Timing = timing } },
        TransferTrigger trigger => new TileConfig { Cell = Cell with { Trigger = trigger } },
        PulseSize size => new TileConfig { Cell = Cell, Update = new StochasticTrains { Size = size } },
        TrainGain gain => new TileConfig { Cell = Cell, Update = new StochasticTrains { Gain = gain } },
        UpdateScheme update => new TileConfig { Cell = Cell, Update = update },
        WeightScaling scaling => new TileConfig { Cell = Cell, Scaling = scaling },
        WeightClip clip => new HardwareAwareConfig { Clip = clip },
        WeightNoise noise => new HardwareAwareConfig { WeightNoise = noise },
        MemoryStatistics memory => new InferenceConfig { Memory = memory },
        WeightMap map => new InferenceConfig { Map = map, Programming = new FourPhaseProgramming() },
        ProgrammingScheme programming => new InferenceConfig { Programming = programming },
        Anticipation anticipation => new InferenceConfig { Programming = new OneShotProgramming { Anticipation = anticipation } },
        Defects defects => new InferenceConfig { Defects = defects },
        DriftCompensation compensation => new InferenceConfig { Compensation = compensation },
        TileSize size => Through(Path) with { Size = size is LimitedSize ? new LimitedSize { Inputs = 7, Outputs = 5 } : size },
        WeightRange range => new InferenceConfig { Range = range },
        ConductanceWriter writer => new TileConfig { Cell = Cell with { Writer = writer } },
        PhaseOrder order => new InferenceConfig { Map = new TwoPairs(), Programming = new FourPhaseProgramming { Order = order } },
        var other => throw new NotSupportedException($"Say here where a {other.GetType().Name} goes."),
    };

    private static AnalogPath Path { get; } = new() { Saturation = new HalveInputs() };

    private static MspLspCell Cell { get; } = new() { TransferEvery = 12 };

    private static HardwareAwareConfig Through(AnalogPath path) => new()
    {
        Forward = path,
        Backward = path.Scaling is CalibratedScaling ? path with { Scaling = new NoScaling() } : path,
    };

    private static double[] Train(TileConfig hardware)
    {
        using var model = Model();
        model.ToAnalog(hardware, seed: 1);
        using var optimizer = new AnalogSGD(model.parameters(), lr: 0.1);
        return Train(model, optimizer);
    }

    private static double[] TrainAware(HardwareAwareConfig hardware)
    {
        using var model = Model();
        model.ToAnalog(hardware, seed: 1);
        if (hardware.Forward.Scaling is CalibratedScaling)
            model.CalibrateInputs([Inputs(8)], (network, batch) => network.call(batch));
        using var optimizer = optim.SGD(model.parameters(), 0.1);
        return Train(model, optimizer);
    }

    private static double[] Train(TorchSharp.Modules.Sequential model, optim.Optimizer optimizer)
    {
        for (var step = 0; step < 6; step++)
        {
            optimizer.zero_grad();
            using var loss = functional.mse_loss(model.call(Inputs(5)), zeros(5, 3));
            loss.backward();
            optimizer.step();
        }
        model.eval();
        return Outputs(model);
    }

    private static double[] Program(InferenceConfig hardware)
    {
        using var model = Model();
        using var chip = model.Program(hardware, seed: 1);
        chip.DriftTo(1000);
        model.eval();
        return Outputs(model);
    }

    private static double[] Cost(HardwareCost cost)
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var report = cost.Of(model.TakeCensus(Inputs(2)));
        return [report.JoulesPerInference, report.SecondsPerInference, report.SquareMetres, report.PipelinedSeconds];
    }

    private static TorchSharp.Modules.Sequential Model()
    {
        var model = Sequential(("fc1", Linear(20, 12)), ("act", Tanh()), ("fc2", Linear(12, 3)));
        Presets.PairAblation.Start(model, Rng.FromSeed(3));
        return model;
    }

    private static Tensor Inputs(int samples) => linspace(-1, 1, samples * 20).view(samples, 20).sin();

    private static double[] Outputs(Module<Tensor, Tensor> model)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return [.. model.call(Inputs(4)).data<float>().ToArray().Select(value => (double)value)];
    }
}
