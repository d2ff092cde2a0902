using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>What a check of a model's hardware looked at, and found sound.</summary>
/// <param name="Tiles">Arrays of the model.</param>
/// <param name="Numbers">Numbers that they hold.</param>
/// <param name="Sums">Checksums that were compared; the others were taken for the next check.</param>
public readonly record struct HardwareCheck(int Tiles, long Numbers, int Sums);

/// <summary>Finds out whether the hardware of a model still holds what was written into it.</summary>
public static class HardwareChecks
{
    /// <summary>Looks at everything that the tiles of a model hold, and refuses what faulty memory, or code that writes past torch, has made of it.</summary>
    /// <remarks>
    /// <para>
    /// Nothing may be NaN or infinite. What devices were made as never changes, and is held against checksums (XXH3, 128 bits) from when they were made. What
    /// they hold is held against checksums of the last write or the last check, if no pulse came since; after pulses, against the effective weights, which a
    /// read of the devices must give bit for bit (where reads are not noisy themselves). A chip is held against what was programmed. Numbers beyond the bounds of a
    /// device are sound, since digital weights that were loaded may be.
    /// </para>
    /// <para>
    /// Weights that a program changed, or loaded, are written into devices first, as their next use would do. A check costs about as much as two reads of the
    /// devices and one pass over their memory: call it once an epoch, before a checkpoint is saved, or where a machine is not trusted. One thread at a time.
    /// </para>
    /// </remarks>
    /// <param name="model">A model with layers on tiles; one without is sound.</param>
    /// <returns>What was looked at.</returns>
    /// <exception cref="InvalidDataException">Something is damaged; the sentence names layer, array and plane.</exception>
    public static HardwareCheck CheckHardware(this nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var check = default(HardwareCheck);
        foreach (var (_, module) in AnalogLayer.Modules(model))
        {
            if (AnalogLayer.Of(module) is not { } layer)
                continue;
            foreach (var (matrix, tile) in layer.Kind.Matrices(module).Zip(layer.Tiles))
            {
                var (numbers, sums) = tile.CheckHardware(matrix.Weight, matrix.Bias);
                check = new(check.Tiles + 1, check.Numbers + numbers, check.Sums + sums);
            }
        }
        return check;
    }
}
