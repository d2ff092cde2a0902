using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Presets;

namespace AnalogApp.Tests;

public class DigitNetTests
{
    [Fact]
    public void LearnsInMemoryAndSurvivesProgramming()
    {
        using var train = GeneratedDigits.Create(600, seed: 1);
        using var test = GeneratedDigits.Create(300, seed: 1, train: false);
        using var network = new DigitNet();
        network.ToAnalog(PcmPresets.MspLsp, seed: 1);
        Training.Epoch(network, train, rate: 0.02);
        Assert.InRange(Training.Accuracy(network, test), 0.3, 1); // a guess gets 10 %

        network.ToDigital();
        using var chip = network.Program(PcmPresets.Inference, seed: 1);
        Assert.InRange(Training.Accuracy(chip, test), 0.3, 1);
    }
}
