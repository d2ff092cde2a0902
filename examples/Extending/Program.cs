using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Laws;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Extending;

/// <summary>Uses the extensions together, and tries every law of the library on each of them.</summary>
internal static class Program
{
    private static int Main()
    {
        set_num_threads(1);
        Together();
        var broken = 0;
        foreach (var law in LawSuite.Of(typeof(Program).Assembly))
        {
            var verdict = "holds";
            try
            {
                law.Check();
            }
            catch (Exception exception) // whatever it is, it is what the law says of the extension
            {
                (verdict, broken) = (exception.ToString(), broken + 1);
            }
            Console.WriteLine($"{law}: {verdict}");
        }
        return broken == 0 ? 0 : 1;
    }

    /// <summary>One layer trained in memory, put on a chip, and priced.</summary>
    private static void Together()
    {
        using var scope = NewDisposeScope();
        using var model = new PairLinear(6, 4, 3);
        var memory = new TileConfig
        {
            Cell = new MirroredDevice { Device = new CubicStep() },
            Update = new ManhattanUpdate(),
            Forward = new AnalogPath { Adc = new CompandingConverter { Bound = 4 } },
        };
        Console.WriteLine(model.ToAnalog(ConfigJson.Read<TileConfig>(ConfigJson.Write(memory)), seed: 1)); // files know extensions by their names
        using var optimizer = new AnalogSGD(model.parameters(), lr: 0.01);
        var (x1, x2) = (linspace(-1, 1, 30).view(5, 6), linspace(-2, 1, 20).view(5, 4));
        for (var step = 0; step < 10; step++)
        {
            optimizer.zero_grad();
            model.call(x1, x2).square().mean().backward();
            optimizer.step();
        }
        model.ToDigital();
        model.eval();
        using var chip = model.Program(new InferenceConfig { Memory = new RelaxingMemory(), Programming = new BestOfSeveral() }, seed: 2);
        chip.DriftTo(1 * Units.Day);
        Console.WriteLine(model.EstimateCost(new PerOperation(), samples: 5, () => model.call(x1, x2)));
    }
}
