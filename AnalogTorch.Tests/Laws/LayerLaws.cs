using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Energy;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>A module by which the laws try a kind of layer: a public class with a constructor without parameters, in any assembly that is loaded.</summary>
public interface ILayerSample
{
    /// <summary>A module of the kind, without dropout.</summary>
    nn.Module Create();

    /// <summary>What a call of it gives; the same inputs at every call.</summary>
    /// <param name="module">What <see cref="Create"/> gave.</param>
    Tensor Call(nn.Module module);
}

/// <summary>What holds for every kind of layer.</summary>
public static class LayerLaws
{
    private const double Rounding = 2e-5; // of sums of float32 products, relative to the largest

    private static readonly TileConfig ExactMemory = new()
    {
        Cell = new SingleDevice
        {
            Device = new ConstantStep { Max = 100, Min = -100, DwMinVariation = 0, UpDownVariation = 0, MaxVariation = 0, MinVariation = 0, CycleNoise = 0 },
        },
        Update = new ExactUpdate(),
    };

    public static void OnIdealTilesOutputsAndGradientsAreTheModulesOwn(LayerKind kind)
    {
        foreach (var sample in Samples(kind))
        {
            using var scope = NewDisposeScope();
            using var module = sample.Create();
            var digital = Gradients(sample, module);
            Put(kind, module, new HardwareAwareConfig());
            var analog = Gradients(sample, module);
            Assert.Equal(digital.Count, analog.Count);
            foreach (var (name, values) in digital)
                Close(values, analog[name], $"{sample.GetType().Name}: {name}");
        }
    }

    public static void OnCoarseTilesOutputsAreOthers(LayerKind kind)
    {
        foreach (var sample in Samples(kind))
        {
            using var scope = NewDisposeScope();
            using var module = sample.Create();
            var digital = Bench.Floats(sample.Call(module));
            Put(kind, module, new HardwareAwareConfig { Forward = new AnalogPath { Dac = new UniformConverter { Bits = 2 }, OutputNoise = 0.1 } });
            Assert.NotEqual(digital, Bench.Floats(sample.Call(module)));
        }
    }

    public static void MadeDigitalAgainAModuleIsWhatItWas(LayerKind kind)
    {
        foreach (var sample in Samples(kind))
        {
            using var scope = NewDisposeScope();
            using var module = sample.Create();
            var before = Bench.Floats(sample.Call(module));
            Put(kind, module, new HardwareAwareConfig());
            Assert.Equal(1, module.ToDigital());
            Assert.Equal(before, Bench.Floats(sample.Call(module)));
        }
    }

    public static void InExactMemoryAStepIsThatOfGradientDescent(LayerKind kind)
    {
        foreach (var sample in Samples(kind))
        {
            using var scope = NewDisposeScope();
            using var analog = sample.Create();
            using var digital = sample.Create();
            digital.load_state_dict(analog.state_dict());
            Put(kind, analog, ExactMemory);
            using (var pulses = new AnalogSGD(analog.parameters(), lr: 0.05))
            using (var descent = optim.SGD(digital.parameters(), 0.05))
            {
                foreach (var (module, optimizer) in new (nn.Module, optim.Optimizer)[] { (analog, pulses), (digital, descent) })
                {
                    Loss(sample, module).backward();
                    optimizer.step();
                }
            }
            foreach (var ((name, expected), (_, actual)) in digital.named_parameters().Zip(analog.named_parameters()))
                Close(Bench.Floats(expected.detach()), Bench.Floats(actual.detach()), $"{sample.GetType().Name}: {name}");
        }
    }

    /// <summary>What is counted as reads, for costs, is what memory learns from: as many examples.</summary>
    public static void ReadsOfACallAreItsExamples(LayerKind kind)
    {
        foreach (var sample in Samples(kind))
        {
            using var scope = NewDisposeScope();
            using var module = sample.Create();
            var digital = module.TakeCensus(1, () => sample.Call(module));
            Assert.All(digital.Layers.Where(layer => layer.IsArray), layer => Assert.True(layer.Reads > 0));
            Put(kind, module, ExactMemory);
            var census = module.TakeCensus(1, () => sample.Call(module));
            using var optimizer = new AnalogSGD(module.parameters(), lr: 0.05);
            optimizer.zero_grad();
            var before = module.AnalogTiles().Select(entry => entry.Tile.Cells.Examples).ToArray();
            Loss(sample, module).backward();
            optimizer.step();
            Assert.Equal(census.Layers.Where(layer => layer.IsArray).Select(layer => layer.Reads), module.AnalogTiles().Zip(before, (entry, then) => entry.Tile.Cells.Examples - then));
        }
    }

    public static void EveryMatrixIsOfTheModuleAndInOneArray(LayerKind kind)
    {
        foreach (var sample in Samples(kind))
        {
            using var module = sample.Create();
            var matrices = kind.Matrices(module).ToArray();
            Assert.NotEmpty(matrices);
            Assert.Equal(matrices.Length, matrices.Select(matrix => matrix.Suffix).Distinct().Count());
            Assert.All(matrices, matrix => Assert.Contains(module.parameters(), parameter => parameter.Handle == matrix.Weight.Handle));
            Assert.All(matrices, matrix => Assert.Equal(matrix.Weight.NumberOfElements, matrix.Inputs * matrix.Outputs));
            Assert.Equal(Enumerable.Range(0, matrices.Length), kind.Arrays(module).SelectMany(array => array.Matrices).Order());
        }
    }

    private static ILayerSample[] Samples(LayerKind kind)
    {
        var samples = AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsDynamic
                && (assembly == typeof(ILayerSample).Assembly || assembly.GetReferencedAssemblies().Any(name => name.Name == typeof(ILayerSample).Assembly.GetName().Name)))
            .SelectMany(assembly => assembly.GetExportedTypes()).Where(type => type.IsClass && type.IsAssignableTo(typeof(ILayerSample)))
            .Select(type => (ILayerSample)Activator.CreateInstance(type)!)
            .Where(sample =>
            {
                using var module = sample.Create();
                return kind.Handles(module);
            }).ToArray();
        Assert.True(samples.Length > 0, $"{kind.GetType().Name} has no module to be tried on; write a public {nameof(ILayerSample)} whose module it handles.");
        return samples;
    }

    /// <summary>Puts a module on tiles, as its user would.</summary>
    private static void Put(LayerKind kind, nn.Module module, LayerHardware hardware) =>
        module.ToAnalog(hardware, seed: 1, kind.OnlyByRule ? [LayerRule.Of(module.GetType(), hardware)] : []);

    private static Tensor Loss(ILayerSample sample, nn.Module module)
    {
        var y = sample.Call(module);
        return (y * linspace(-1, 1, y.NumberOfElements).view(y.shape)).sum();
    }

    private static Dictionary<string, float[]> Gradients(ILayerSample sample, nn.Module module)
    {
        foreach (var parameter in module.parameters())
            parameter.grad = null;
        Loss(sample, module).backward();
        var found = module.named_parameters().ToDictionary(entry => entry.name, entry => Bench.Floats(entry.parameter.grad!.contiguous()));
        found["output"] = Bench.Floats(sample.Call(module).contiguous());
        return found;
    }

    private static void Close(float[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Select(Math.Abs).DefaultIfEmpty().Max();
        var apart = expected.Zip(actual, (a, b) => Math.Abs(a - b)).DefaultIfEmpty().Max();
        Assert.True(apart <= Rounding * Math.Max(largest, 1e-3), $"{what} is off by {apart} of {largest}.");
    }
}
