using AnalogTorch.Cells;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Updates;

public class ExactUpdateTests
{
    /// <summary>Ideal devices, ideal periphery and exact updates are torch's own SGD, to the rounding of floats, at batch 1 and 7.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void IsDigitalSgd(int batch)
    {
        const int Steps = 100;
        var ideal = new TileConfig
        {
            Cell = new SingleDevice
            {
                Device = new ConstantStep { Max = 100, Min = -100, DwMinVariation = 0, UpDownVariation = 0, MaxVariation = 0, MinVariation = 0, CycleNoise = 0 },
            },
            Update = new ExactUpdate(),
        };
        using var analog = Mlp.Create([20, 13, 5], seed: 1);
        using var digital = Mlp.Create([20, 13, 5], seed: 1);
        analog.ToAnalog(ideal, seed: 2);
        using var pulses = new AnalogSGD(analog.parameters(), lr: 0.05);
        using var sgd = optim.SGD(digital.parameters(), 0.05);
        for (var step = 0; step < Steps; step++)
        {
            using var scope = NewDisposeScope();
            var x = Noise.Normal(new AnalogTorch.Core.Rng((ulong)step), [batch, 20]);
            foreach (var (model, optimizer) in new (nn.Module<Tensor, Tensor>, optim.Optimizer)[] { (analog, pulses), (digital, sgd) })
            {
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.call(x), arange(batch, ScalarType.Int64) % 5).backward();
                optimizer.step();
            }
        }
        // Each step rounds the weights once, and its gradient a few times more: errors of a few ulp of a number below 1 a step.
        foreach (var (a, d) in analog.parameters().Zip(digital.parameters()))
            Assert.InRange((a - d).abs().max().item<float>(), 0, Steps * 4 * float.BitIncrement(1) - Steps * 4);
    }
}
