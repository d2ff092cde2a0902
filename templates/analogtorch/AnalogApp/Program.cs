using AnalogApp;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Presets;

using var train = GeneratedDigits.Create(4_000, seed: 42);
using var test = GeneratedDigits.Create(2_000, seed: 42, train: false);

using var network = new DigitNet();
Console.WriteLine(network.ToAnalog(PcmPresets.MspLsp, seed: 42));         // Linear layers become analog, in place
for (var epoch = 1; epoch <= 3; epoch++)
{
    Training.Epoch(network, train, rate: 0.01);
    Console.WriteLine($"epoch {epoch}: {Training.Accuracy(network, test):P1} of the test digits");
}

network.ToDigital();
using var chip = network.Program(PcmPresets.Inference, seed: 7);          // from now on the network runs on the chip
foreach (var (name, time) in new[] { ("programmed", 1), ("a day later", Units.Day), ("a year later", Units.Year) })
{
    chip.DriftTo(time);
    Console.WriteLine($"{name}: {Training.Accuracy(chip, test):P1}");
}
