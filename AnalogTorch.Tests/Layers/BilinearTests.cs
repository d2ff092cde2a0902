using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Periphery;
using AnalogTorch.Tests.Habits;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>Bilinear layers on tiles are torch's own as long as the hardware is ideal, and read their second input through one array.</summary>
public class BilinearTests
{
    private const double Close = 2e-5;

    public static TheoryData<string> Ways => new(HabitWay.All.Select(way => way.Name));

    [Theory]
    [MemberData(nameof(Ways))]
    public void AnySizeIsThatOfTorch(string wayName)
    {
        var way = HabitWay.All.Single(way => way.Name == wayName);
        foreach (var (first, second, outputs, hasBias, samples) in new (long, long, long, bool, long[])[]
        {
            (1, 1, 1, true, [3]), (4, 1, 3, true, [2, 3]), (1, 5, 2, false, [4]), (3, 4, 2, true, []), (2, 6, 5, false, [2, 1, 2]), (7, 3, 4, true, [5]),
        })
        {
            using var scope = NewDisposeScope();
            var (digital, analog) = (Bilinear(first, second, outputs, hasBias), Bilinear(first, second, outputs, hasBias));
            analog.load_state_dict(digital.state_dict());
            using var chip = way.Convert(analog);
            using var digitalStep = HabitWay.Digital.Optimizer(digital.parameters());
            using var analogStep = way.Optimizer(analog.parameters());
            if (!way.Trains)
                foreach (var parameter in analog.parameters())
                    parameter.requires_grad = false;
            for (var step = 0; step < (way.Trains ? 3 : 1); step++)
            {
                digitalStep.zero_grad();
                analogStep.zero_grad();
                var (expected, seen) = (Run(digital, step), Run(analog, step));
                foreach (var (wanted, given) in expected.Zip(seen))
                    Assert.True((wanted - given).abs().max().item<float>() < Close, $"{first}, {second} → {outputs}");
                if (!way.Trains)
                    break;
                digitalStep.step();
                analogStep.step();
                foreach (var (wanted, given) in digital.parameters().Zip(analog.parameters()))
                    Assert.True((wanted - given).abs().max().item<float>() < Close * 5, $"{first}, {second} → {outputs}");
            }

            Tensor[] Run(TorchSharp.Modules.Bilinear layer, int step)
            {
                var (x, z) = (Input([.. samples, first], step).requires_grad_(true), Input([.. samples, second], step + 10).requires_grad_(true));
                var y = layer.call(x, z);
                y.sin().sum().backward();
                return [y.detach(), x.grad!, z.grad!];
            }
        }
    }

    [Fact]
    public void TheArrayGivesProductsWithTheSecondInput()
    {
        using var scope = NewDisposeScope();
        var layer = Bilinear(3, 4, 2);
        var (x, z) = (Input([1, 3], 1), Input([1, 4], 2));
        var exact = layer.weight.detach().matmul(z[0]);
        var report = layer.ToAnalog(new HardwareAwareConfig { Forward = new() { Adc = new UniformConverter { Bits = 3, Bound = 1 } } });
        Assert.Equal(("4 → 6", 24L), (report.Rows[0].Shape, report.Rows[0].Weights));
        Assert.EndsWith("; its first input and its bias are digital", report.Rows[0].Note, StringComparison.Ordinal);
        layer.eval();
        using var noGrad = no_grad();
        var products = (exact * 3).round() / 3; // levels of the converter are 1/3 apart
        var expected = (products * x).sum(1) + layer.bias!;
        Assert.True((layer.call(x, z)[0] - expected).abs().max().item<float>() < Close);
        var counted = Assert.Single(layer.TakeCensus(5, () => layer.call(Input([5, 3], 1), Input([5, 4], 2))).Layers);
        Assert.Equal((4, 6, 5, 5 * 6), (counted.Inputs, counted.Outputs, counted.Reads, counted.DigitalElements));
    }

    [Fact]
    public void WrongInputsAreRefused()
    {
        using var scope = NewDisposeScope();
        var layer = Bilinear(3, 4, 2);
        layer.ToAnalog(new HardwareAwareConfig());
        Assert.Equal(
            "Bilinear: the inputs must be [..., 3] and [..., 4] of as many samples, but are [2, 3] and [3, 4].",
            Assert.Throws<ArgumentException>(() => layer.call(zeros(2, 3), zeros(3, 4))).Message);
    }

    private static Tensor Input(long[] shape, int seed) => Noise.Uniform(Rng.FromSeed(seed), shape).mul_(2f).sub_(1f);
}
