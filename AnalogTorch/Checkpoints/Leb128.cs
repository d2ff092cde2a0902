namespace AnalogTorch.Checkpoints;

/// <summary>Numbers as torch's .NET binding writes them into files: seven bits a byte, the lowest first, the eighth says that more follow.</summary>
internal static class Leb128
{
    private const int MostBytes = 9; // of a number below 2⁶³

    public static void Write(List<byte> target, long value)
    {
        for (; value > 0x7F; value >>= 7)
            target.Add((byte)(value | 0x80));
        target.Add((byte)value);
    }

    /// <summary>Reads a number; false if the bytes end, or make none.</summary>
    public static bool TryRead(Func<int> next, out long value)
    {
        value = 0;
        for (var i = 0; i < MostBytes; i++)
        {
            var part = next();
            if (part < 0)
                return false;
            value |= (long)(part & 0x7F) << (7 * i);
            if (part < 0x80)
                return true;
        }
        return false;
    }
}
